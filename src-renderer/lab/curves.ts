import { numberOf, type Cell, type LabFigure, type LabTable } from '../../src-main/contract/lab.js'
import { formatValue } from '../ui/format.js'

/** A figure with axes; strips of images are drawn without ECharts. */
export type Plot = Exclude<LabFigure, { kind: 'strip' }>

export type Axis = Plot['xAxis']

export const textOf = (cell: Cell | undefined): string =>
  typeof cell === 'number' && !Number.isInteger(cell) ? formatValue(cell, 3) : String(cell ?? '')

export const valuesOf = (table: LabTable, key: string): Cell[] => table.columns.find((column) => column.key === key)?.values ?? []
export const labelOf = (table: LabTable, key: string): string => table.columns.find((column) => column.key === key)?.label ?? key

/** A number that can be drawn on the axis; null for a gap. */
export function drawn(cell: Cell | undefined, { log }: Axis): number | null {
  const value = numberOf(cell)
  return !Number.isFinite(value) || (log && value <= 0) ? null : value
}

/** The title of an axis of several quantities: what all of their labels begin with, up to a comma; empty if they share no beginning. */
export function commonLabel([first = '', ...others]: readonly string[]): string {
  if (others.length === 0) return first
  const [shared = ''] = first.split(',')
  return others.every((other) => other.startsWith(`${shared},`)) ? shared : ''
}

/** Up to this number of values, a logarithmic axis has them as ticks; otherwise it has powers of ten. */
const MOST_TICKS = 8

/**
 * The values themselves as ticks of a logarithmic axis with few of them, and limits close to them: depths and step sizes are rarely powers
 * of ten. Null for other axes.
 */
export function ownTicks(values: readonly (number | null)[], { log }: Axis): { ticks: number[]; min: number; max: number } | null {
  const ticks = [...new Set(values.filter((value) => value !== null))].sort((a, b) => a - b)
  if (!log || ticks.length === 0 || ticks.length > MOST_TICKS) return null
  const [low, high] = [ticks[0]!, ticks.at(-1)!]
  const room = low === high ? 2 : (high / low) ** 0.05
  return { ticks, min: low / room, max: high * room }
}

export interface Curve {
  name: string
  points: [x: number | null, y: number | null][]
  /** The x values at which the curve is exactly 0, which a logarithmic axis cannot show; absent if there are none. */
  zeros?: number[]
  /** Both ends of the error bar of each point, if the figure has error bars. */
  bars?: ([low: number, high: number] | null)[]
  /** Drawn as markers without a line. */
  loose?: boolean
}

/** An error bar; null if an end is missing. */
function barOf(low: Cell | undefined, high: Cell | undefined, axis: Axis): [number, number] | null {
  const ends = [drawn(low, axis), drawn(high, axis)] as const
  return ends[0] === null || ends[1] === null ? null : [ends[0], ends[1]]
}

/** Explains the markers of zeros to readers of a figure. */
export const ZEROS = 'Triangles at the lower edge: exactly 0.'

/**
 * The lower limit of a logarithmic axis that shows zeros at its lower edge: a power of ten below all values; null if there are no zeros.
 */
export function zeroEdge(curves: readonly Curve[]): number | null {
  if (curves.every(({ zeros }) => !zeros)) return null
  const values = curves.flatMap(({ points }) => points.flatMap(([, y]) => (y === null ? [] : [y])))
  return 10 ** (Math.floor(Math.log10(values.length > 0 ? Math.min(...values) : 1)) - 1)
}

/** The curves of a line figure, or the groups of points of a scatter plot. Pure. */
export function curvesOf(figure: Extract<Plot, { kind: 'line' | 'scatter' }>, table: LabTable): Curve[] {
  const { by, xAxis, yAxis } = figure
  const across = valuesOf(table, figure.x)
  const keys = figure.kind === 'line' ? figure.y : [figure.y]
  const groups = by === null ? [null] : [...new Set(valuesOf(table, by).map(textOf))]
  const groupOf = by === null ? null : valuesOf(table, by).map(textOf)
  return keys.flatMap((key) => {
    const up = valuesOf(table, key)
    return groups.map((group): Curve => {
      const rows = across.flatMap((_, row) => (group === null || groupOf![row] === group ? [row] : []))
      // A text is self-explanatory; a number needs its label.
      const isText = group !== null && Number.isNaN(Number(group))
      const named = group === null ? '' : isText ? group : `${labelOf(table, by!)} ${group}`.trim()
      const name = keys.length === 1 && group !== null ? named : [labelOf(table, key), named].filter(Boolean).join(', ')
      const zeros = rows.flatMap((row) => {
        const x = drawn(across[row], xAxis)
        return yAxis.log && x !== null && numberOf(up[row]) === 0 ? [x] : []
      })
      const points = rows.map((row): [number | null, number | null] => [drawn(across[row], xAxis), drawn(up[row], yAxis)])
      const loose = figure.kind === 'line' && group !== null && figure.loose?.includes(group)
      const ends = figure.kind === 'line' && key === keys[0] ? figure.spread : undefined
      return {
        name,
        points,
        ...(zeros.length > 0 ? { zeros } : {}),
        ...(loose ? { loose } : {}),
        ...(ends ? { bars: rows.map((row) => barOf(valuesOf(table, ends.low)[row], valuesOf(table, ends.high)[row], yAxis)) } : {}),
      }
    })
  })
}

/** All values along the horizontal axis, marks included. */
export const acrossOf = (figure: Extract<Plot, { kind: 'line' | 'scatter' }>, curves: readonly Curve[]): (number | null)[] => [
  ...curves.flatMap(({ points, zeros = [] }) => [...points.map(([x]) => x), ...zeros]),
  ...(figure.kind === 'line' ? figure.marks.flatMap(({ axis, value }) => (axis === 'x' ? [value] : [])) : []),
]

/** The cells of a heat map: indices along both axes by their texts, in the order of the table. */
export interface HeatCells {
  columns: string[]
  rows: string[]
  /**
   * `value` is the number that the colour encodes, its decimal logarithm on a logarithmic scale; null leaves the cell without a colour.
   * `ended` says how those runs of the cell ended that have no value.
   */
  cells: { column: number; row: number; value: number | null; at: number; ended: End | null }[]
}

/** How runs of a cell may have ended without a result, as stated in the table. */
export const ENDS = ['diverged', 'failed'] as const
export type End = (typeof ENDS)[number]

/** What the colours of a heat map encode. */
export const heatOf = (cell: Cell | undefined, axis: Axis): number | null => {
  const value = drawn(cell, axis)
  return value !== null && axis.log ? Math.log10(value) : value
}

/** The cells that a heat map draws; both axes are categories, because step sizes and depths of a study are not evenly spaced. Pure. */
export function heatCells(figure: Extract<Plot, { kind: 'heatmap' }>, table: LabTable): HeatCells {
  const [across, up] = [valuesOf(table, figure.x).map(textOf), valuesOf(table, figure.y).map(textOf)]
  const [columns, rows] = [[...new Set(across)], [...new Set(up)]]
  const ends = figure.ended === undefined ? [] : valuesOf(table, figure.ended)
  const cells = valuesOf(table, figure.value).map((cell, at) => ({
    column: columns.indexOf(across[at]!),
    row: rows.indexOf(up[at]!),
    value: heatOf(cell, figure.valueAxis),
    at,
    ended: ENDS.find((end) => end === ends[at]) ?? null,
  }))
  return { columns, rows, cells }
}
