import { Pyramid } from '../series/pyramid.js'
import { SeriesBuffer } from '../series/series-buffer.js'
import { bandOf, sampleOf, type Center, type Spread } from './statistics.js'

/** One run's part in a group. */
export interface Member {
  buffer: SeriesBuffer
  /** When it began, in milliseconds since 1970. */
  startedAt: number | null
}

interface Seen {
  buffer: SeriesBuffer
  generation: number
  length: number
}

/**
 * The middle of several runs' series and a band around it, at every step at which any of them has a point, over those that have
 * one there: runs of unequal length, or that report at different steps, are never filled in. Values that are not finite do not
 * count, and `counts` tells it. As the runs go on only what is new is computed.
 */
export class Aggregate {
  /** Steps and middles; its times are the mean milliseconds since each run's start. */
  buffer = new SeriesBuffer()
  low = new Pyramid()
  high = new Pyramid()
  /** How many runs each point is of. */
  counts: number[] = []
  #seen: Seen[] = []
  #cursors: number[] | null = null

  constructor(
    public members: readonly Member[],
    readonly center: Center,
    readonly spread: Spread,
  ) {}

  /** Goes on until the end of the series or until the deadline (of `performance.now`); answers whether all is done. */
  update(deadline = Infinity): boolean {
    this.#notice()
    const cursors = this.#cursors
    if (!cursors) return true
    const steps: number[] = []
    const middles: number[] = []
    const times: number[] = []
    const lows: number[] = []
    const highs: number[] = []
    let done = true
    for (;;) {
      let step = Infinity
      this.members.forEach(({ buffer }, i) => {
        const at = cursors[i] as number
        if (at < buffer.length) step = Math.min(step, buffer.step(at))
      })
      if (step === Infinity) break
      if (steps.length % 256 === 255 && performance.now() > deadline) {
        done = false
        break
      }
      const values: number[] = []
      let elapsed = 0
      this.members.forEach(({ buffer, startedAt }, i) => {
        const at = cursors[i] as number
        if (at >= buffer.length || buffer.step(at) !== step) return
        cursors[i] = at + 1
        values.push(buffer.value(at))
        elapsed += buffer.time(at) - (startedAt ?? NaN)
      })
      const sample = sampleOf(values)
      const [low, high] = bandOf(sample, this.spread)
      steps.push(step)
      times.push(elapsed / values.length)
      middles.push(this.center === 'mean' ? sample.mean : sample.median)
      lows.push(low)
      highs.push(high)
      this.counts.push(sample.n)
    }
    this.buffer.append({ steps: Float64Array.from(steps), values: Float64Array.from(middles), times: Float64Array.from(times) })
    this.low.append(Float64Array.from(lows))
    this.high.append(Float64Array.from(highs))
    if (done) this.#cursors = null
    return done
  }

  /** Finds out from where on the series are not those that were counted. */
  #notice(): void {
    let from = Infinity
    const same = this.#seen.length === this.members.length
    this.members.forEach(({ buffer }, i) => {
      const seen = this.#seen[i]
      if (!same || !seen || seen.buffer !== buffer || seen.generation !== buffer.generation) from = -Infinity
      else if (seen.length < buffer.length) from = Math.min(from, buffer.step(seen.length))
    })
    this.#seen = this.members.map(({ buffer }) => ({ buffer, generation: buffer.generation, length: buffer.length }))
    if (from === Infinity) return
    const kept = from === -Infinity ? 0 : Math.min(this.buffer.length, this.buffer.indexOf(from))
    // Where an interrupted count stands is before anything new, and goes on from there.
    if (kept === 0) {
      this.buffer = new SeriesBuffer()
      this.low = new Pyramid()
      this.high = new Pyramid()
    } else {
      this.buffer.truncate(this.buffer.step(kept - 1))
      this.low.truncate(kept)
      this.high.truncate(kept)
    }
    this.counts.length = kept
    const last = kept > 0 ? this.buffer.step(kept - 1) : -Infinity
    this.#cursors = this.members.map(({ buffer }) => {
      const at = buffer.indexOf(last)
      return at < buffer.length && buffer.step(at) === last ? at + 1 : at
    })
  }
}
