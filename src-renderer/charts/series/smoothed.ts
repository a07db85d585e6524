import { Pyramid, type Summary } from './pyramid.js'
import type { SeriesBuffer, Values } from './series-buffer.js'

/**
 * The exponential moving average of a series, without the bias of its start: with m[0] = 0 and
 * m[t] = weight m[t-1] + (1 - weight) x[t], its value is m[t] / (1 - weight^t), as in Kingma and Ba 2015 (Adam), section 3.
 * Over every point, not over those that a chart draws. A NaN or an infinity does not enter; the average of before is repeated there.
 */
export class Smoothed implements Values {
  readonly #averages = new Pyramid()
  #source: number
  #mean = 0
  #share = 0

  /** Empty until it is updated. @param weight of the past, 0 (the series itself) to below 1 */
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
   * Goes on towards the end of the source, from the beginning where the source was truncated.
   * @param most points that one call takes, so that a page can have a turn between
   * @returns whether every point of the source is in
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
        // 1 - weight^t, which also stays right where weight^t is lost beside 1.
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
