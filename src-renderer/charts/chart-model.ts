import type { SeriesBuffer, Values } from './series/series-buffer.js'
import { lineStyle, onWhite, type LineStyle } from './palette.js'
import { reduceToColumns, type Reduced, type Stretch } from './reduce.js'
import { beyondEnd, valueRange, type Range } from './value-range.js'
import type { XAxisKind, XMap } from './x-axis.js'

/** A line that a chart is asked to draw. */
export interface ChartLine {
  key: string
  label: string
  buffer: SeriesBuffer
  /** What to draw in place of the buffer's own values, which then lie behind it; as long as the buffer. */
  smoothed?: Values | undefined
  /** Null where the run does not tell what this axis takes; the line is then left out. */
  map: XMap | null
  /** Which colour and dash; the line's place in the chart by default. */
  style?: number | undefined
  hidden?: boolean | undefined
  /** Lower and upper edge of a band around the line, as long as the buffer. */
  band?: { low: Values; high: Values } | undefined
}

/** A horizontal line that means something, such as a tolerance or a published figure. */
export interface ReferenceLine {
  value: number
  label: string
  kind: 'limit' | 'published'
}

export interface ChartInput {
  /** What its values are, without their unit. */
  title: string
  lines: ChartLine[]
  unit: string
  xAxis: XAxisKind
  from: number
  to: number
  /** Width of the plot in pixels of the screen. */
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

/** Everything that is on a chart, in its own units: what the screen and the exports draw. */
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
  /** How many drawn values lie beyond the ends of the axis. */
  beyond: number
  /** Whether there are values, none of which the axis can show: they are marked, and its ends say nothing. */
  blank: boolean
}

/** Reduces part `part` of a line; those that remember the last time do it in the time that what is new takes. */
export type Reduce = (part: string, values: Values, map: XMap, stretch: Stretch) => Reduced

/** Reduces every line to the pixels of the chart and chooses the ends of its axes. Pure: the same input gives the same model. */
export function chartModel(input: ChartInput): ChartModel {
  const steps = modelSteps(input, (_, values, map, stretch) => reduceToColumns(values, map, stretch))
  for (;;) {
    const { done, value } = steps.next()
    if (done) return value
  }
}

/** The same, line by line, so that a page can have a turn between. */
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

/** The same for paper, whatever theme it was made for. */
export const onPaper = (model: ChartModel): ChartModel => ({
  ...model,
  dark: false,
  lines: model.lines.map((line) => ({ ...line, style: onWhite(line.style) })),
})

/** Something to place marks on, which takes no labels. */
const NO_SCALE: Range = { min: 0.1, max: 1 }

/** With the figures to compare with, which are in sight however far from them the runs are. */
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

/** The values of what is drawn between the ends of the axis. */
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
