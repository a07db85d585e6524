import { counts, doubles } from './chunked.js'

/** Summary of a range of values. `finite` counts those that are neither NaN nor infinite; the extremes are over those. */
export interface Summary {
  count: number
  finite: number
  /** Infinity if there is no finite value. */
  min: number
  /** -Infinity if there is no finite value. */
  max: number
}

/** Values per bucket, relative to the level below, as a power of two. */
const SHIFT = 4
const FANOUT = 1 << SHIFT
/** 16^5, a million values, per bucket of the highest level: beyond that, a query grows linearly in millions. */
const LEVELS = 5

/** The extremes of each bucket, and its number of finite values. */
const level = () => ({ min: doubles(), max: doubles(), finite: counts() })

/**
 * A growing list of values with precomputed extremes of buckets of 16, 256, ... values, so that the cost of summarizing a range depends on
 * its ends and not on its length.
 */
export class Pyramid {
  /** Incremented by truncations, so that derived values know when to start over. */
  generation = 0
  readonly #values = doubles()
  readonly #levels = Array.from({ length: LEVELS }, level)

  get length(): number {
    return this.#values.length
  }

  /** Value i; NaN out of range. */
  value(i: number): number {
    return this.#values.at(i)
  }

  append(values: Float64Array): void {
    const from = this.length
    this.#values.append(values)
    this.#build(from)
  }

  truncate(length: number): void {
    if (length >= this.length) return
    this.generation += 1
    this.#values.truncate(length)
    this.#build(length)
  }

  /** Views of consecutive values with indices from..to-1; valid until the next change. */
  views(from = 0, to = this.length): Generator<Float64Array> {
    return this.#values.views(from, Math.min(to, this.length))
  }

  toArray(): Float64Array {
    return this.#values.toArray()
  }

  /** The summary of the values with indices from..to-1. */
  summarise(from: number, to: number): Summary {
    const end = Math.min(to, this.length)
    const sum: Summary = { count: Math.max(0, end - from), finite: 0, min: Infinity, max: -Infinity }
    let first = from
    let last = end
    // Goes up the levels: partial buckets at either end are added at this level, the rest at the next.
    for (let depth = 0; depth <= LEVELS && first < last; depth++) {
      const head = depth === LEVELS ? last : Math.min(last, Math.ceil(first / FANOUT) * FANOUT)
      const tail = depth === LEVELS ? last : Math.max(head, Math.floor(last / FANOUT) * FANOUT)
      if (depth === 0) {
        this.#addValues(sum, first, head)
        this.#addValues(sum, tail, last)
      } else {
        this.#addBuckets(sum, depth - 1, first, head)
        this.#addBuckets(sum, depth - 1, tail, last)
      }
      first = head / FANOUT
      last = tail / FANOUT
    }
    return sum
  }

  #addValues(sum: Summary, from: number, to: number): void {
    const { chunks } = this.#values
    for (let i = from; i < to; i++) {
      const value = (chunks[i >>> 12] as Float64Array)[i & 4095] as number
      // True for NaN and infinities, which minus themselves are NaN.
      if (value - value !== 0) continue
      if (value < sum.min) sum.min = value
      if (value > sum.max) sum.max = value
      sum.finite += 1
    }
  }

  #addBuckets(sum: Summary, depth: number, from: number, to: number): void {
    const { min, max, finite } = this.#levels[depth] as ReturnType<typeof level>
    for (let i = from; i < to; i++) {
      const low = (min.chunks[i >>> 12] as Float64Array)[i & 4095] as number
      const high = (max.chunks[i >>> 12] as Float64Array)[i & 4095] as number
      if (low < sum.min) sum.min = low
      if (high > sum.max) sum.max = high
      sum.finite += (finite.chunks[i >>> 12] as Uint32Array)[i & 4095] as number
    }
  }

  /** Rebuilds every bucket that contains an index of at least `from`, each level from the one below. */
  #build(from: number): void {
    let first = from
    let length = this.length
    for (let depth = 0; depth < LEVELS; depth++) {
      const { min, max, finite } = this.#levels[depth] as ReturnType<typeof level>
      const begin = first >> SHIFT
      const end = (length + FANOUT - 1) >> SHIFT
      for (const list of [min, max, finite]) list.resize(end)
      for (let bucket = begin; bucket < end; bucket++) {
        const sum: Summary = { count: 0, finite: 0, min: Infinity, max: -Infinity }
        const stop = Math.min((bucket + 1) << SHIFT, length)
        if (depth === 0) this.#addValues(sum, bucket << SHIFT, stop)
        else this.#addBuckets(sum, depth - 1, bucket << SHIFT, stop)
        min.set(bucket, sum.min)
        max.set(bucket, sum.max)
        finite.set(bucket, sum.finite)
      }
      first = begin
      length = end
    }
  }
}
