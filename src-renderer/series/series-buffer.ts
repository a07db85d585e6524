import type { Points } from '../../src-main/contract/metrics.js'
import { grown, Pyramid, type Summary } from './pyramid.js'

export type { Summary } from './pyramid.js'

/** Numbers by index with quick extremes of any stretch: a series, or what is derived from one point by point. */
export interface Values {
  readonly length: number
  value(i: number): number
  summarise(from: number, to: number): Summary
}

/**
 * One series of a run in growing typed arrays, of which a chart asks for any stretch at a cost that depends on its pixels and not
 * on the length of the history. Steps must ascend; the caller sees to it that no point comes twice (see Replica).
 */
export class SeriesBuffer implements Values {
  /** Counts truncations, so that what is derived from the values knows when to begin anew. */
  generation = 0
  #steps: Float64Array = new Float64Array(64)
  #times: Float64Array = new Float64Array(64)
  readonly #values = new Pyramid()

  get length(): number {
    return this.#values.length
  }

  /** Step of point i; NaN outside. */
  step(i: number): number {
    return i < this.length ? (this.#steps[i] ?? NaN) : NaN
  }

  /** Value of point i; NaN outside. */
  value(i: number): number {
    return this.#values.value(i)
  }

  /** Wall-clock time of point i in milliseconds since 1970; NaN outside. */
  time(i: number): number {
    return i < this.length ? (this.#times[i] ?? NaN) : NaN
  }

  /** The index of the first point at or after a step; `length` when there is none. */
  indexOf(step: number): number {
    return lowerBound(this.#steps, this.length, step)
  }

  /** The index of the first point at or after a moment; `length` when there is none. Exact while the clock did not run backwards. */
  indexOfTime(time: number): number {
    return lowerBound(this.#times, this.length, time)
  }

  append(points: Points): void {
    const from = this.length
    const to = from + points.steps.length
    this.#steps = grown(this.#steps, to)
    this.#times = grown(this.#times, to)
    this.#steps.set(points.steps, from)
    this.#times.set(points.times, from)
    this.#values.append(points.values)
  }

  /** Forgets every point after a step. */
  truncate(afterStep: number): void {
    const length = this.indexOf(afterStep + 1)
    if (length >= this.length) return
    this.generation += 1
    this.#values.truncate(length)
  }

  /** What the points with indices from..to-1 amount to. */
  summarise(from: number, to: number): Summary {
    return this.#values.summarise(from, to)
  }

  /** A view of the values from an index on; valid until the next change. */
  valuesFrom(from: number): Float64Array {
    return this.#values.view(from)
  }

  /** A copy of every point, for tests and export. */
  toPoints(): Points {
    return {
      steps: this.#steps.slice(0, this.length),
      values: this.#values.view().slice(),
      times: this.#times.slice(0, this.length),
    }
  }
}

function lowerBound(sorted: Float64Array, length: number, wanted: number): number {
  let low = 0
  let high = length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((sorted[middle] as number) < wanted) low = middle + 1
    else high = middle
  }
  return low
}
