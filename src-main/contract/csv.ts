import { printable } from './printable.js'

/** What a cell holds; null where there is nothing. */
export type CsvValue = string | number | boolean | null | undefined

/** A number that reads back as the same double, -0 too; NaN and infinities by name. */
export const exactNumber = (value: number): string => (Object.is(value, -0) ? '-0' : String(value))

function cell(value: CsvValue): string {
  if (typeof value === 'number') return exactNumber(value)
  if (typeof value !== 'string') return String(value ?? '')
  const text = printable(value)
  // A spreadsheet takes these for the beginning of a formula.
  const safe = /^[=+\-@\t]/.test(text) ? `'${text}` : text
  return /[",\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}

/** A table as RFC 4180 has it, with lines that end as those of Unix do. A formula in a text stays a text, and control characters are written out. */
export const csv = (head: readonly string[], rows: Iterable<readonly CsvValue[]>): string =>
  [head, ...rows].map((row) => `${row.map(cell).join(',')}\n`).join('')

/** A cell of what may be undefined: none where it is. */
export const orEmpty = (value: number): number | null => (Number.isNaN(value) ? null : value)
