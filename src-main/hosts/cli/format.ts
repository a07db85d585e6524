import { printableLine } from '../../contract/printable.js'

/** Formats a duration: "8 s", "3 min 20 s", "2 h 5 min". */
export function duration(seconds: number): string {
  const whole = Math.round(seconds)
  if (whole < 60) return `${whole} s`
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`
}

export const percent = (fraction: number | null | undefined): string => (fraction == null ? '-' : `${(fraction * 100).toFixed(2)}%`)

/** Formats the ends of a 95% interval of an accuracy. */
export const percentInterval = (ends: readonly [number, number] | null): string =>
  ends === null ? '-' : `${(ends[0] * 100).toFixed(2)} to ${(ends[1] * 100).toFixed(2)}%`

export const decimal = (value: number | null | undefined): string => (value == null ? '-' : value.toPrecision(4))

export function bytes(count: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
  const power = count < 1 ? 0 : Math.min(Math.floor(Math.log2(count) / 10), units.length - 1)
  return `${power === 0 ? count : (count / 1024 ** power).toFixed(1)} ${units[power]}`
}

/** Formats a table with aligned columns: numbers to the right, everything else to the left. */
export function table(head: string[], given: string[][]): string[] {
  const rows = given.map((row) => row.map(printableLine))
  const width = head.map((title, at) => Math.max(title.length, ...rows.map((row) => row[at]?.length ?? 0)))
  const numeric = head.map((_title, at) => rows.length > 0 && rows.every((row) => /^[-\d]/.test(row[at] ?? '')))
  const line = (cells: string[]): string =>
    cells
      .map((cell, at) => (numeric[at] ? cell.padStart(width[at] ?? 0) : cell.padEnd(width[at] ?? 0)))
      .join('  ')
      .trimEnd()
  return [head, ...rows].map(line)
}

/** Formats a result as JSON for scripts. NaN and infinities become null, because JSON lacks them. */
export const asJson = (value: unknown): string => JSON.stringify(value, null, 2)
