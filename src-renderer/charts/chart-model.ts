import type { SeriesBuffer, Values } from './series/series-buffer.js'
import { lineStyle, onWhite, type LineStyle } from './palette.js'
import { reduceToColumns, type Reduced, type Stretch } from './reduce.js'
import { beyondEnd, valueRange, type Range } from './value-range.js'
import type { XAxisKind, XMap } from './x-axis.js'

/** A line of a chart. */
export interface ChartLine {
  key: string
  label: string
  buffer: SeriesBuffer
  /** Values drawn instead of the buffer's own, which are then drawn faintly behind them; as long as the buffer. */
  smoothed?: Values | undefined
  /** Null if the run lacks the data for this axis; the line is then left out. */
  map: XMap | null
  /** Index of the colour and dash; by default the line's index in the chart. */
  style?: number | undefined
  hidden?: boolean | undefined
  /** Lower and upper edge of a band around the line, as long as the buffer. */
  band?: { low: Values; high: Values } | undefined
}

/** A horizontal line for comparison, such as a tolerance or a published result. */
export interface ReferenceLine {
  value: number
  label: string
  kind: 'limit' | 'published'
}

export interface ChartInput {
  /** The quantity, without its unit. */
  title: string
  lines: ChartLine[]
  unit: string
  xAxis: XAxisKind
  from: number
  to: number
  /** Width of the plot in device pixels. */
  columns: number
  dark: boolean
  logarithmic: boolean
  logarithmicX: boolean
  outlierProof: boolean
  references?: ReferenceLine[] | undefined
}

export interface DrawnLine {
  key: string
  label: string
  style: LineStyle
  main: Reduced
  /** The values before smoothing. */
  raw: Reduced | null
  band: { low: Reduced; high: Reduced } | null
}

/** Everything that is drawn in a chart, in its own units; input of the screen and of the exports. */
export interface ChartModel {
  title: string
  lines: DrawnLine[]
  unit: string
  xAxis: XAxisKind
  from: number
  to: number
  dark: boolean
  logarithmic: boolean
  logarithmicX: boolean
  y: Range | null
  references: ReferenceLine[]
  /** Number of drawn values beyond the ends of the axis. */
  beyond: number
  /** Whether there are values, but the axis cannot show any of them: they are marked, and the limits of the axis have no meaning. */
  blank: boolean
}

/** Reduces part `part` of a line. An implementation may keep the last result, so that an update costs only what is new. */
export type Reduce = (part: string, values: Values, map: XMap, stretch: Stretch) => Reduced

/** Reduces every line to the resolution of the chart and chooses the limits of its axes. Pure: the same input gives the same model. */
export function chartModel(input: ChartInput): ChartModel {
  const steps = modelSteps(input, (_, values, map, stretch) => reduceToColumns(values, map, stretch))
  for (;;) {
    const { done, value } = steps.next()
    if (done) return value
  }
}

/** The same as a generator with one step per line, so that the page stays responsive. */
export function* modelSteps(input: ChartInput, reduce: Reduce): Generator<void, ChartModel> {
  const { title, unit, xAxis, from, to, columns, dark, logarithmic, logarithmicX, outlierProof, references = [] } = input
  const stretch = { from, to, columns, logarithmic: logarithmicX }
  const lines: DrawnLine[] = []
  for (const [i, { key, label, buffer, smoothed, map, style, hidden, band }] of input.lines.entries()) {
    if (!map || hidden) continue
    const part = (name: string, values: Values): Reduced => reduce(`${key} ${name}`, values, map, stretch)
    lines.push({
      key,
      label,
      style: lineStyle(style ?? i, dark),
      main: part('main', smoothed ?? buffer),
      raw: smoothed ? part('raw', buffer) : null,
      band: band ? { low: part('low', band.low), high: part('high', band.high) } : null,
    })
    yield
  }
  const shown = shownValues(lines, from, to)
  const blank = shown.length > 0 && !shown.some((value) => Number.isFinite(value) && (!logarithmic || value > 0))
  const y = blank ? { ...NO_SCALE } : valueRange(withPublished(shown, references), { unit, logarithmic, outlierProof })
  const beyond = y && outlierProof ? shown.reduce((count, value) => count + (beyondEnd(value, y, logarithmic) ? 1 : 0), 0) : 0
  return { title, lines, unit, xAxis, from, to, dark, logarithmic, logarithmicX, y, references, beyond, blank }
}

/** The same model with the colours for paper, whatever theme it was made for. */
export const onPaper = (model: ChartModel): ChartModel => ({
  ...model,
  dark: false,
  lines: model.lines.map((line) => ({ ...line, style: onWhite(line.style) })),
})

/** A scale for placing marks on an axis without labels. */
const NO_SCALE: Range = { min: 0.1, max: 1 }

/** Adds the published results, which stay visible however far the runs are from them. */
function withPublished(shown: Float64Array, references: readonly ReferenceLine[]): Float64Array {
  const published = references.filter(({ kind }) => kind === 'published')
  if (shown.length === 0 || published.length === 0) return shown
  const all = new Float64Array(shown.length + published.length)
  all.set(shown)
  all.set(
    published.map(({ value }) => value),
    shown.length,
  )
  return all
}

/** The values that are drawn within the limits of the axis. */
function shownValues(lines: DrawnLine[], from: number, to: number): Float64Array {
  const all = lines.flatMap(({ main, raw, band }) => [main, raw, band?.low, band?.high].flatMap((part) => (part ? [part.points] : [])))
  const values = new Float64Array(all.reduce((sum, points) => sum + points.length / 2, 0))
  let count = 0
  for (const points of all)
    for (let i = 0; i < points.length; i += 2) {
      const x = points[i] as number
      if (x >= from && x <= to) values[count++] = points[i + 1] as number
    }
  return values.subarray(0, count)
}
