import type { Points } from '../../src-main/contract/metrics.js'

/** What a stretch of a series amounts to. `finite` counts the values that are neither NaN nor infinite; the rest is over those. */
export interface Summary {
  count: number
  finite: number
  min: number
  max: number
  sum: number
}

/** Points per bucket of one level, as a power of two. */
const SHIFT = 4
const FANOUT = 1 << SHIFT
/** 16^5, a million points, in one bucket of the highest level: beyond that a query only gets linearly slower in millions. */
const LEVELS = 5

interface Level {
  min: Float64Array
  max: Float64Array
  sum: Float64Array
  finite: Float64Array
}

function grown(array: Float64Array, length: number): Float64Array {
  if (length <= array.length) return array
  const larger = new Float64Array(Math.max(length, array.length * 2, 64))
  larger.set(array)
  return larger
}

/**
 * One series of a run in growing typed arrays, with sums, minima and maxima of buckets of 16, 256, ... points above them, so that
 * a chart asks for any stretch at a cost that depends on its pixels and not on the length of the history.
 * Steps must ascend; the caller sees to it that no point comes twice (see Replica).
 */
export class SeriesBuffer {
  length = 0
  #steps: Float64Array = new Float64Array(64)
  #values: Float64Array = new Float64Array(64)
  #times: Float64Array = new Float64Array(64)
  readonly #levels: Level[] = Array.from({ length: LEVELS }, () => ({
    min: new Float64Array(4),
    max: new Float64Array(4),
    sum: new Float64Array(4),
    finite: new Float64Array(4),
  }))

  /** Step of point i; NaN outside. */
  step(i: number): number {
    return i < this.length ? (this.#steps[i] ?? NaN) : NaN
  }

  /** Value of point i; NaN outside. */
  value(i: number): number {
    return i < this.length ? (this.#values[i] ?? NaN) : NaN
  }

  /** Wall-clock time of point i in milliseconds since 1970; NaN outside. */
  time(i: number): number {
    return i < this.length ? (this.#times[i] ?? NaN) : NaN
  }

  /** The index of the first point at or after a step; `length` when there is none. */
  indexOf(step: number): number {
    let low = 0
    let high = this.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#steps[middle] ?? Infinity) < step) low = middle + 1
      else high = middle
    }
    return low
  }

  append(points: Points): void {
    const from = this.length
    const to = from + points.steps.length
    this.#steps = grown(this.#steps, to)
    this.#values = grown(this.#values, to)
    this.#times = grown(this.#times, to)
    this.#steps.set(points.steps, from)
    this.#values.set(points.values, from)
    this.#times.set(points.times, from)
    this.length = to
    for (let i = from; i < to; i++) this.#count(i, this.#values[i] ?? NaN)
  }

  /** Forgets every point after a step. */
  truncate(afterStep: number): void {
    const length = this.indexOf(afterStep + 1)
    if (length >= this.length) return
    this.length = length
    // Only the last bucket of each level is cut through; it is built anew from the level below.
    let below = length
    this.#levels.forEach((level, depth) => {
      const bucket = below >> SHIFT
      this.#clear(level, bucket)
      for (let i = bucket << SHIFT; i < below; i++) {
        const under = this.#levels[depth - 1]
        if (under) this.#merge(level, bucket, under.min[i] ?? NaN, under.max[i] ?? NaN, under.sum[i] ?? NaN, under.finite[i] ?? NaN)
        else this.#mergeValue(level, bucket, this.#values[i] ?? NaN)
      }
      below = (below + FANOUT - 1) >> SHIFT
    })
  }

  /** What the points with indices from..to-1 amount to. */
  summarise(from: number, to: number): Summary {
    const end = Math.min(to, this.length)
    const total: Summary = { count: Math.max(0, end - from), finite: 0, min: Infinity, max: -Infinity, sum: 0 }
    let i = from
    while (i < end) {
      let depth = 0
      let size = 1
      while (depth < LEVELS && i % (size * FANOUT) === 0 && i + size * FANOUT <= end) {
        depth += 1
        size *= FANOUT
      }
      const level = this.#levels[depth - 1]
      if (level) {
        const bucket = i / size
        total.min = Math.min(total.min, level.min[bucket] ?? NaN)
        total.max = Math.max(total.max, level.max[bucket] ?? NaN)
        total.sum += level.sum[bucket] ?? NaN
        total.finite += level.finite[bucket] ?? NaN
      } else {
        const value = this.#values[i] ?? NaN
        if (Number.isFinite(value)) {
          total.min = Math.min(total.min, value)
          total.max = Math.max(total.max, value)
          total.sum += value
          total.finite += 1
        }
      }
      i += size
    }
    return total
  }

  /** A copy of every point, for tests and export. */
  toPoints(): Points {
    return {
      steps: this.#steps.slice(0, this.length),
      values: this.#values.slice(0, this.length),
      times: this.#times.slice(0, this.length),
    }
  }

  #count(i: number, value: number): void {
    let size = 1
    for (const level of this.#levels) {
      size *= FANOUT
      const bucket = Math.floor(i / size)
      level.min = grown(level.min, bucket + 1)
      level.max = grown(level.max, bucket + 1)
      level.sum = grown(level.sum, bucket + 1)
      level.finite = grown(level.finite, bucket + 1)
      if (i % size === 0) this.#clear(level, bucket)
      this.#mergeValue(level, bucket, value)
    }
  }

  #clear(level: Level, bucket: number): void {
    level.min[bucket] = Infinity
    level.max[bucket] = -Infinity
    level.sum[bucket] = 0
    level.finite[bucket] = 0
  }

  #mergeValue(level: Level, bucket: number, value: number): void {
    if (Number.isFinite(value)) this.#merge(level, bucket, value, value, value, 1)
  }

  #merge(level: Level, bucket: number, min: number, max: number, sum: number, finite: number): void {
    level.min[bucket] = Math.min(level.min[bucket] ?? NaN, min)
    level.max[bucket] = Math.max(level.max[bucket] ?? NaN, max)
    level.sum[bucket] = (level.sum[bucket] ?? NaN) + sum
    level.finite[bucket] = (level.finite[bucket] ?? NaN) + finite
  }
}
