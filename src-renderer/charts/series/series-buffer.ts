import type { Points } from '../../../src-main/contract/metrics.js'
import type { NumberList } from './chunked.js'
import { PackedNumbers } from './packed.js'
import { Pyramid, type Summary } from './pyramid.js'

export type { Summary } from './pyramid.js'

/** Numbers by index with fast extremes of any range: a series, or values derived from one point by point. */
export interface Values {
  readonly length: number
  /** Incremented by truncations; as long as it is the same, values have only been appended. */
  readonly generation: number
  value(i: number): number
  summarise(from: number, to: number): Summary
}

/**
 * One series of a run, from which a chart can draw any range at a cost that depends on its pixels and not on the length of the history.
 * Steps must ascend; the caller ensures that no point is added twice (see Replica).
 */
export class SeriesBuffer implements Values {
  readonly #steps = new PackedNumbers()
  readonly #moments = new PackedNumbers()
  readonly #values = new Pyramid()
  /** Milliseconds by which the clock has been set back so far. */
  #setBack = 0

  get length(): number {
    return this.#values.length
  }

  get generation(): number {
    return this.#values.generation
  }

  /** Step of point i; NaN out of range. */
  step(i: number): number {
    return this.#steps.at(i)
  }

  /** Value of point i; NaN out of range. */
  value(i: number): number {
    return this.#values.value(i)
  }

  /**
   * When point i was measured, in milliseconds since 1970; NaN out of range. If the clock was set back, times continue from the previous
   * one, so that they ascend with the points.
   */
  moment(i: number): number {
    return this.#moments.at(i)
  }

  /** The index of the first point at or after a step; `length` if there is none. */
  indexOf(step: number): number {
    return lowerBound(this.#steps, step)
  }

  /** The index of the first point at or after a time; `length` if there is none. */
  indexOfMoment(moment: number): number {
    return lowerBound(this.#moments, moment)
  }

  append(points: Points): void {
    this.#steps.append(points.steps)
    this.#moments.append(this.#goOn(points.times))
    this.#values.append(points.values)
  }

  /** Removes every point after a step. */
  truncate(afterStep: number): void {
    const length = this.indexOf(afterStep + 1)
    if (length >= this.length) return
    this.#steps.truncate(length)
    this.#moments.truncate(length)
    this.#values.truncate(length)
  }

  /** The summary of the points with indices from..to-1. */
  summarise(from: number, to: number): Summary {
    return this.#values.summarise(from, to)
  }

  /** Views of consecutive values with indices from..to-1; valid until the next change. */
  views(from: number, to: number): Generator<Float64Array> {
    return this.#values.views(from, to)
  }

  #goOn(times: Float64Array): Float64Array {
    let before = this.moment(this.length - 1)
    return times.map((time) => {
      // NaN means that there is no time, and compares as neither earlier nor later.
      if (time + this.#setBack < before) this.#setBack = before - time
      before = time + this.#setBack
      return before
    })
  }

  /** A copy of every point; its times are `moment`s. */
  toPoints(): Points {
    return { steps: this.#steps.toArray(), values: this.#values.toArray(), times: this.#moments.toArray() }
  }
}

function lowerBound(sorted: NumberList, wanted: number): number {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (sorted.at(middle) < wanted) low = middle + 1
    else high = middle
  }
  return low
}
