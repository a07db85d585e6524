import { printable } from './printable.js'

/** The content of a cell; null: empty. */
export type CsvValue = string | number | boolean | null | undefined

/** A number as text that parses to the same double, including -0; NaN and infinities by name. */
export const exactNumber = (value: number): string => (Object.is(value, -0) ? '-0' : String(value))

function cell(value: CsvValue): string {
  if (typeof value === 'number') return exactNumber(value)
  if (typeof value !== 'string') return String(value ?? '')
  const text = printable(value)
  // Spreadsheets interpret these as the start of a formula.
  const safe = /^[=+\-@\t]/.test(text) ? `'${text}` : text
  return /[",\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}

/** A table in the format of RFC 4180, but with Unix line endings. Formulas in texts stay text, and control characters are escaped. */
export const csv = (head: readonly string[], rows: Iterable<readonly CsvValue[]>): string =>
  [head, ...rows].map((row) => `${row.map(cell).join(',')}\n`).join('')

/** Null for NaN, so that the cell is empty. */
export const orEmpty = (value: number): number | null => (Number.isNaN(value) ? null : value)
