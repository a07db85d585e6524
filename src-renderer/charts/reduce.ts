import type { SeriesBuffer } from '../series/series-buffer.js'

/** What a chart draws of a series: pairs of step and value; null breaks the line. */
export interface Reduced {
  line: [number, number | null][]
  /** Steps with a NaN or an infinity, at most one a pixel column. */
  nonFinite: number[]
  /** Range of the finite values of the stretch; null when there is none. */
  range: [number, number] | null
}

/** Below so many points a pixel column, every point is drawn as it is. */
const DENSE = 4

/**
 * Reduces the points with steps in [from, to] to at most four a pixel column: first, least, greatest and last, which draw the same
 * pixels as all of them (Jugel et al. 2014, M4). Costs what the columns cost, however long the history is.
 */
export function reduceToColumns(buffer: SeriesBuffer, from: number, to: number, columns: number): Reduced {
  const begin = buffer.indexOf(from)
  const end = buffer.indexOf(to + Number.EPSILON * Math.max(1, Math.abs(to)))
  const line: Reduced['line'] = []
  const nonFinite: number[] = []
  const total = buffer.summarise(begin, end)
  const range: Reduced['range'] = total.finite > 0 ? [total.min, total.max] : null

  if (end - begin <= columns * DENSE) {
    for (let i = begin; i < end; i++) {
      const value = buffer.value(i)
      const finite = Number.isFinite(value)
      line.push([buffer.step(i), finite ? value : null])
      if (!finite) nonFinite.push(buffer.step(i))
    }
    return { line, nonFinite, range }
  }

  const width = (to - from) / columns
  let start = begin
  for (let column = 1; column <= columns && start < end; column++) {
    const stop = column === columns ? end : Math.min(end, buffer.indexOf(from + column * width))
    if (stop <= start) continue
    const summary = buffer.summarise(start, stop)
    const first = buffer.step(start)
    const last = buffer.step(stop - 1)
    const middle = (first + last) / 2
    if (summary.finite < summary.count) nonFinite.push(firstNonFinite(buffer, start, stop))
    if (summary.finite === 0) line.push([middle, null])
    else {
      if (Number.isFinite(buffer.value(start))) line.push([first, buffer.value(start)])
      line.push([middle, summary.min], [middle, summary.max])
      if (Number.isFinite(buffer.value(stop - 1))) line.push([last, buffer.value(stop - 1)])
    }
    start = stop
  }
  return { line, nonFinite, range }
}

/** By halves, so that a column of a million points is not walked through. */
function firstNonFinite(buffer: SeriesBuffer, from: number, to: number): number {
  let low = from
  let high = to
  while (high - low > 1) {
    const middle = (low + high) >>> 1
    const { finite, count } = buffer.summarise(low, middle)
    if (finite < count) high = middle
    else low = middle
  }
  return buffer.step(low)
}

/**
 * The mean of the last `window` finite values at one point a pixel column (the last of each), over steps [from, to].
 * A trailing mean, so that what it shows at a step was known at that step.
 */
export function movingAverage(buffer: SeriesBuffer, from: number, to: number, columns: number, window: number): [number, number | null][] {
  const begin = buffer.indexOf(from)
  const end = buffer.indexOf(to + Number.EPSILON * Math.max(1, Math.abs(to)))
  const stride = Math.max(1, (end - begin) / columns)
  const line: [number, number | null][] = []
  for (let at = begin + stride; at < end + stride; at += stride) {
    const i = Math.min(end, Math.max(begin + 1, Math.round(at)))
    const { sum, finite } = buffer.summarise(Math.max(0, i - window), i)
    line.push([buffer.step(i - 1), finite > 0 ? sum / finite : null])
  }
  return line
}
