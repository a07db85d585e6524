import { Pyramid, type Summary } from './pyramid.js'
import type { SeriesBuffer, Values } from './series-buffer.js'

/**
 * The exponential moving average of a series with bias correction: with m[0] = 0 and m[t] = weight m[t-1] + (1 - weight) x[t], its value is
 * m[t] / (1 - weight^t), as in Kingma and Ba 2015 (Adam), section 3. It averages every point, not only those that a chart draws. NaN and
 * infinities are skipped; the previous average is repeated there.
 */
export class Smoothed implements Values {
  readonly #averages = new Pyramid()
  #source: number
  #mean = 0
  #share = 0

  /** Empty until the first update. @param weight of the past, from 0 (the series itself) to below 1 */
  constructor(
    readonly source: SeriesBuffer,
    readonly weight: number,
  ) {
    if (!(weight >= 0 && weight < 1)) throw new RangeError(`the weight of the past must be from 0 to below 1, not ${weight}`)
    this.#source = source.generation
  }

  get length(): number {
    return this.#averages.length
  }

  get generation(): number {
    return this.#averages.generation
  }

  /**
   * Continues towards the end of the source, or starts over if the source was truncated.
   * @param most maximum number of points per call, so that the page stays responsive
   * @returns whether every point of the source has been processed
   */
  update(most = Infinity): boolean {
    if (this.source.generation !== this.#source) {
      this.#source = this.source.generation
      this.#averages.truncate(0)
      this.#mean = 0
      this.#share = 0
    }
    const stop = Math.min(this.source.length, this.length + most)
    for (const fresh of this.source.views(this.length, stop)) this.#averages.append(this.#average(fresh))
    return this.length === this.source.length
  }

  #average(fresh: Float64Array): Float64Array {
    const { weight } = this
    const averages = new Float64Array(fresh.length)
    let mean = this.#mean
    let share = this.#share
    for (let i = 0; i < fresh.length; i++) {
      const value = fresh[i] as number
      if (Number.isFinite(value)) {
        mean = weight * mean + (1 - weight) * value
        // 1 - weight^t, computed so that it stays accurate for small values.
        share = weight * share + (1 - weight)
      }
      averages[i] = share > 0 ? mean / share : NaN
    }
    this.#mean = mean
    this.#share = share
    return averages
  }

  value(i: number): number {
    return this.#averages.value(i)
  }

  summarise(from: number, to: number): Summary {
    return this.#averages.summarise(from, to)
  }
}
