import type { ChartModel, DrawnLine } from './chart-model.js'
import { chartTheme } from './palette.js'
import { beyondEnd } from './value-range.js'

/** A mark for a value that the plot cannot show at its position. */
export interface Mark {
  /** nothing: not a number, drawn as a cross at the bottom. above, below: beyond that end of the axis, drawn as a triangle at the edge. */
  kind: 'nothing' | 'above' | 'below'
  /** Position on the axis. */
  x: number
  color: string
}

/** Minimum distance of two marks: closer ones would overlap. */
const APART = 6

/**
 * All marks of a chart, for every renderer.
 * @param at the coordinate of a position, in pixels or points of the picture; NaN if the axis cannot show it
 */
export function marksOf({ lines, y, dark, from, to, logarithmic }: ChartModel, at: (position: number) => number): Mark[] {
  const marks: Mark[] = []
  const { error } = chartTheme(dark)
  for (const { main, raw, style } of lines) {
    const { nonFinite, points } = raw ?? main
    for (const x of nonFinite) if (!Number.isNaN(at(x)) && x >= from && x <= to) marks.push({ kind: 'nothing', x, color: error })
    if (!y) continue
    const last = { above: -Infinity, below: -Infinity }
    for (let i = 0; i < points.length; i += 2) {
      const [x, value] = [points[i] as number, points[i + 1] as number]
      const kind = beyondEnd(value, y, logarithmic)
      if (!kind || x < from || x > to || !(at(x) - last[kind] > APART)) continue
      last[kind] = at(x)
      marks.push({ kind, x, color: style.color })
    }
  }
  return marks
}

/** The edges of a band at one position. */
export interface ErrorBar {
  x: number
  low: number
  high: number
}

/**
 * The edges of a band around a single point, which has no area and is drawn as an error bar. Null if the band has more points, or there is
 * none.
 */
export function errorBarOf({ band }: Pick<DrawnLine, 'band'>): ErrorBar | null {
  if (!band) return null
  const found: ErrorBar[] = []
  const [low, high] = [band.low.points, band.high.points]
  for (let i = 0; i < low.length && found.length < 2; i += 2)
    if (Number.isFinite(low[i + 1])) found.push({ x: low[i] as number, low: low[i + 1] as number, high: high[i + 1] as number })
  return found.length === 1 ? (found[0] as ErrorBar) : null
}
