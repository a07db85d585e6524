import { numberOf, type Cell } from '../../src-main/contract/lab.js'
import { axisTitle } from '../charts/axis-title.js'
import { formatBytes, formatCount, formatValue } from '../ui/format.js'

/** A formatted value for a column with the header `cellTitle`: fractions as percentages, and bytes with their own unit. */
export function showCell(cell: Cell | undefined, unit: string): string {
  if (cell === null || cell === undefined || cell === '') return '–'
  const value = numberOf(cell)
  if (typeof cell === 'string' && Number.isNaN(value)) return cell
  if (unit === 'bytes') return formatBytes(value)
  if (unit === 'fraction') return Number.isFinite(value) ? (100 * value).toFixed(2) : formatValue(value)
  return Number.isInteger(value) ? formatCount(value) : formatValue(value, 4)
}

/** The column header of a quantity, with its unit. */
export const cellTitle = (label: string, unit: string): string => (unit === 'bytes' ? label : axisTitle(label, unit))
