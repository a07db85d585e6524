import type { Values } from './series/series-buffer.js'
import type { XMap } from './x-axis.js'

/** A series as a chart draws it. */
export interface Reduced {
  /** Alternating positions and values, with ascending positions; NaN breaks the line. */
  points: Float64Array
  /** Positions of NaN and infinite values, at most one per pixel column. */
  nonFinite: number[]
  /** Range of the finite values within the stretch; null if there are none. */
  range: [number, number] | null
  /** Whether the points of the stretch are unreduced. */
  exact: boolean
  /** Left of this position the result is the same as that of the previous reduction. */
  changedFrom: number
}

/** A stretch of an axis, divided into pixel columns; the columns of a logarithmic axis grow with their position. */
export interface Stretch {
  from: number
  to: number
  columns: number
  logarithmic?: boolean
}

/** Below this number of points per pixel column, every point is kept. */
const DENSE = 4

/**
 * Reduces the points with positions in [from, to], and the nearest one on either side so that lines reach the edge, to at most four per
 * pixel column: first, minimum, maximum and last, which draw the same pixels as all points (M4; Jugel et al. 2014). The cost depends on the
 * number of columns, not on the length of the history.
 */
export const reduceToColumns = (values: Values, map: XMap, stretch: Stretch): Reduced => new Reduction().update(values, map, stretch)

/**
 * Repeated reduction of a growing line: columns without new points are kept, so that an update costs only what is new. A result is valid
 * until the next call.
 */
export class Reduction {
  #key: readonly unknown[] = []
  /** Number of points at the last reduction whose positions are final. */
  #kept = 0
  #points = new Float64Array(0)
  #nonFinite: number[] = []
  /** For each column: index of its first point, length of `points` and number of marks before it. */
  #starts = new Int32Array(0)
  #ends = new Int32Array(0)
  #marks = new Int32Array(0)
  /** Columns that have been reduced; -1: every point is kept as it is. */
  #walked = -1
  #at = 0

  update(values: Values, map: XMap, stretch: Stretch): Reduced {
    const { from, to, columns, logarithmic = false } = stretch
    const key = [values, values.generation, from, to, columns, logarithmic, ...map.identity]
    const same = key.length === this.#key.length && key.every((part, i) => Object.is(part, this.#key[i]))
    const kept = same ? this.#kept : 0
    this.#key = key
    this.#kept = Math.min(values.length, map.settled ?? values.length)

    const inside = map.indexOf(from)
    const begin = Math.max(0, inside - 1)
    let end = Math.min(values.length, map.indexOf(to))
    // The points on the right edge, and one beyond it.
    while (end < values.length && map.x(end) <= to) end += 1
    const last = end
    end = Math.min(values.length, end + 1)
    if (this.#points.length < 8 * (columns + 2)) this.#points = new Float64Array(8 * (columns + 2))

    const { finite, min, max } = values.summarise(inside, last)
    const exact = end - begin <= columns * DENSE
    const changedFrom = exact
      ? this.#copy(values, map, begin, end, inside, last, kept)
      : this.#walk(values, map, stretch, inside, last, kept)
    if (!exact && end > last) this.#put(map.x(last), values.value(last))
    return {
      points: this.#points.subarray(0, this.#at),
      nonFinite: this.#nonFinite,
      range: finite > 0 ? [min, max] : null,
      exact,
      changedFrom,
    }
  }

  #put(x: number, y: number): void {
    this.#points[this.#at++] = x
    this.#points[this.#at++] = Number.isFinite(y) ? y : NaN
  }

  /** Copies every point unchanged. */
  #copy(values: Values, map: XMap, begin: number, end: number, inside: number, last: number, kept: number): number {
    const again = this.#walked === -1 && kept > begin
    this.#walked = -1
    this.#at = 0
    this.#nonFinite = []
    for (let i = begin; i < end; i++) {
      const value = values.value(i)
      this.#put(map.x(i), value)
      if (!Number.isFinite(value) && i >= inside && i < last) this.#nonFinite.push(map.x(i))
    }
    return again ? map.x(Math.min(kept, end) - 1) : -Infinity
  }

  #walk(values: Values, map: XMap, { from, to, columns, logarithmic }: Stretch, inside: number, last: number, kept: number): number {
    let column = this.#resume(columns, kept, inside)
    const again = column > 1
    if (!again) {
      this.#at = 0
      this.#nonFinite = []
      if (inside > 0) this.#put(map.x(inside - 1), values.value(inside - 1))
      this.#starts[1] = inside
      this.#ends[1] = this.#at
      this.#marks[1] = 0
    }
    let start = this.#starts[column] as number
    this.#at = this.#ends[column] as number
    this.#nonFinite.length = this.#marks[column] as number
    const changedFrom = again && start > inside ? map.x(start - 1) : -Infinity
    const edge = logarithmic
      ? (c: number): number => from * (to / from) ** (c / columns)
      : (c: number): number => from + (c * (to - from)) / columns
    for (; column <= columns && start < last; column++) {
      const stop = column === columns ? last : Math.min(last, map.indexOf(edge(column)))
      if (stop > start) this.#column(values, map, start, stop)
      start = Math.max(start, stop)
      this.#starts[column + 1] = start
      this.#ends[column + 1] = this.#at
      this.#marks[column + 1] = this.#nonFinite.length
    }
    this.#walked = column - 1
    return changedFrom
  }

  /** The first column with changes: that of the first point that is not known to be the same as before. */
  #resume(columns: number, kept: number, inside: number): number {
    if (this.#walked < 1 || kept <= inside) {
      if (this.#starts.length < columns + 2) {
        this.#starts = new Int32Array(columns + 2)
        this.#ends = new Int32Array(columns + 2)
        this.#marks = new Int32Array(columns + 2)
      }
      return 1
    }
    let column = this.#walked
    while (column > 1 && (this.#starts[column] as number) >= kept) column -= 1
    return column
  }

  #column(values: Values, map: XMap, start: number, stop: number): void {
    const summary = values.summarise(start, stop)
    const [x0, x1] = [map.x(start), map.x(stop - 1)]
    if (summary.finite < summary.count) this.#nonFinite.push(map.x(firstNonFinite(values, start, stop)))
    if (summary.finite === 0) return this.#put((x0 + x1) / 2, NaN)
    const [head, tail] = [values.value(start), values.value(stop - 1)]
    if (Number.isFinite(head)) this.#put(x0, head)
    if (stop - start > 2) {
      this.#put((x0 + x1) / 2, summary.min)
      if (summary.max > summary.min) this.#put((x0 + x1) / 2, summary.max)
    }
    if (stop - start > 1 && Number.isFinite(tail)) this.#put(x1, tail)
  }
}

/** Binary search, which avoids a scan of a column with a million points. */
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
