/** What a stretch of values amounts to. `finite` counts those that are neither NaN nor infinite; the extremes are over those. */
export interface Summary {
  count: number
  finite: number
  /** Infinity when there is no finite value. */
  min: number
  /** -Infinity when there is no finite value. */
  max: number
}

/** Values per bucket of one level, as a power of two. */
const SHIFT = 4
const FANOUT = 1 << SHIFT
/** 16^5, a million values, in one bucket of the highest level: beyond that a query only gets linearly slower in millions. */
const LEVELS = 5

interface Level {
  min: Float64Array
  max: Float64Array
  finite: Uint32Array
}

/** The array, or a copy with room for at least `length` elements; it doubles, so that appending costs the same however long it is. */
export function grown(array: Float64Array, length: number): Float64Array {
  if (length <= array.length) return array
  const larger = new Float64Array(Math.max(length, array.length * 2, 64))
  larger.set(array)
  return larger
}

function grow(level: Level, length: number): void {
  if (length <= level.min.length) return
  const finite = new Uint32Array(Math.max(length, level.min.length * 2, 64))
  finite.set(level.finite)
  level.finite = finite
  level.min = grown(level.min, length)
  level.max = grown(level.max, length)
}

/**
 * A growing array of values with the extremes of buckets of 16, 256, ... of them above it, so that any stretch is summed up at a
 * cost that depends on its ends and not on its length.
 */
export class Pyramid {
  length = 0
  #values: Float64Array = new Float64Array(64)
  readonly #levels: Level[] = Array.from({ length: LEVELS }, () => ({
    min: new Float64Array(4),
    max: new Float64Array(4),
    finite: new Uint32Array(4),
  }))

  /** Value i; NaN outside. */
  value(i: number): number {
    return i < this.length ? (this.#values[i] ?? NaN) : NaN
  }

  append(values: Float64Array): void {
    const from = this.length
    this.#values = grown(this.#values, from + values.length)
    this.#values.set(values, from)
    this.length = from + values.length
    this.#build(from)
  }

  truncate(length: number): void {
    if (length >= this.length) return
    this.length = length
    this.#build(length)
  }

  /** A view of the values with indices from..to-1; valid until the next change. */
  view(from = 0, to = this.length): Float64Array {
    return this.#values.subarray(from, Math.min(to, this.length))
  }

  /** What the values with indices from..to-1 amount to. */
  summarise(from: number, to: number): Summary {
    const end = Math.min(to, this.length)
    let finite = 0
    let min = Infinity
    let max = -Infinity
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
        const [low, high] = [level.min[bucket] as number, level.max[bucket] as number]
        if (low < min) min = low
        if (high > max) max = high
        finite += level.finite[bucket] as number
      } else {
        const value = this.#values[i] as number
        if (Number.isFinite(value)) {
          if (value < min) min = value
          if (value > max) max = value
          finite += 1
        }
      }
      i += size
    }
    return { count: Math.max(0, end - from), finite, min, max }
  }

  /** Builds every bucket that holds an index of `from` or above anew, each level from the one below. */
  #build(from: number): void {
    const values = this.#values
    let first = from
    let length = this.length
    let below: Level | null = null
    for (const level of this.#levels) {
      const begin = first >> SHIFT
      const end = (length + FANOUT - 1) >> SHIFT
      grow(level, end)
      for (let bucket = begin; bucket < end; bucket++) {
        let min = Infinity
        let max = -Infinity
        let finite = 0
        const stop = Math.min((bucket + 1) << SHIFT, length)
        for (let i = bucket << SHIFT; i < stop; i++) {
          const low = below ? (below.min[i] as number) : (values[i] as number)
          const high = below ? (below.max[i] as number) : low
          if (below) finite += below.finite[i] as number
          else if (Number.isFinite(low)) finite += 1
          else continue
          if (low < min) min = low
          if (high > max) max = high
        }
        level.min[bucket] = min
        level.max[bucket] = max
        level.finite[bucket] = finite
      }
      below = level
      first = begin
      length = end
    }
  }
}
