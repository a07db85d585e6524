import type { Values } from '../series/series-buffer.js'
import type { XMap } from './x-axis.js'

/** What a chart draws of a series. */
export interface Reduced {
  /** Position and value by turns, with ascending positions; a value of NaN breaks the line. */
  points: Float64Array
  /** Positions with a NaN or an infinity, at most one a pixel column. */
  nonFinite: number[]
  /** Range of the finite values of the stretch; null when there is none. */
  range: [number, number] | null
  /** Whether every point of the stretch is there as it is. */
  exact: boolean
}

/** A stretch of an axis, cut into pixel columns; the columns of a logarithmic axis grow with their position. */
export interface Stretch {
  from: number
  to: number
  columns: number
  logarithmic?: boolean
}

/** Below so many points a pixel column, every point is drawn as it is. */
const DENSE = 4

/**
 * Reduces the points with positions in [from, to], and the nearest one on either side so that lines reach the edge, to at most four
 * a pixel column: first, least, greatest and last, which draw the same pixels as all of them (Jugel et al. 2014, M4). Costs what the
 * columns cost, however long the history is.
 */
export function reduceToColumns(values: Values, map: XMap, { from, to, columns, logarithmic = false }: Stretch): Reduced {
  const nonFinite: number[] = []
  const inside = map.indexOf(from)
  const begin = Math.max(0, inside - 1)
  let end = Math.min(values.length, map.indexOf(to))
  // The points on the right edge, and one beyond.
  while (end < values.length && map.x(end) <= to) end += 1
  const last = end
  end = Math.min(values.length, end + 1)
  const { finite, min, max } = values.summarise(inside, last)
  const range: Reduced['range'] = finite > 0 ? [min, max] : null

  if (end - begin <= columns * DENSE) {
    const points = new Float64Array(2 * (end - begin))
    for (let i = begin; i < end; i++) {
      const value = values.value(i)
      const usable = Number.isFinite(value)
      points[2 * (i - begin)] = map.x(i)
      points[2 * (i - begin) + 1] = usable ? value : NaN
      if (!usable && i >= inside && i < last) nonFinite.push(map.x(i))
    }
    return { points, nonFinite, range, exact: true }
  }

  const points = new Float64Array(8 * (columns + 2))
  let at = 0
  const put = (x: number, y: number): void => {
    points[at++] = x
    points[at++] = Number.isFinite(y) ? y : NaN
  }
  if (begin < inside) put(map.x(begin), values.value(begin))
  const edge = logarithmic
    ? (column: number): number => from * (to / from) ** (column / columns)
    : (column: number): number => from + (column * (to - from)) / columns
  let start = inside
  for (let column = 1; column <= columns && start < last; column++) {
    const stop = column === columns ? last : Math.min(last, map.indexOf(edge(column)))
    if (stop <= start) continue
    const summary = values.summarise(start, stop)
    const [x0, x1] = [map.x(start), map.x(stop - 1)]
    if (summary.finite < summary.count) nonFinite.push(map.x(firstNonFinite(values, start, stop)))
    if (summary.finite === 0) put((x0 + x1) / 2, NaN)
    else {
      const [head, tail] = [values.value(start), values.value(stop - 1)]
      if (Number.isFinite(head)) put(x0, head)
      if (stop - start > 2) {
        put((x0 + x1) / 2, summary.min)
        if (summary.max > summary.min) put((x0 + x1) / 2, summary.max)
      }
      if (stop - start > 1 && Number.isFinite(tail)) put(x1, tail)
    }
    start = stop
  }
  if (end > last) put(map.x(last), values.value(last))
  return { points: points.subarray(0, at), nonFinite, range, exact: false }
}

/** By halves, so that a column of a million points is not walked through. */
function firstNonFinite(values: Values, from: number, to: number): number {
  let low = from
  let high = to
  while (high - low > 1) {
    const middle = (low + high) >>> 1
    const { finite, count } = values.summarise(low, middle)
    if (finite < count) high = middle
    else low = middle
  }
  return low
}
