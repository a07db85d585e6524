import { ascending, xMap, type XAxisKind, type XMap, type XSource } from '../x-axis.js'
import { doubles } from './chunked.js'
import { Pyramid } from './pyramid.js'
import { SeriesBuffer, type Values } from './series-buffer.js'
import { GroupClock, type Elapsed } from './group-clock.js'
import { sampleOf } from '../../../src-main/contract/sample.js'
import { bandOf, type Center, type Spread } from '../../ui/statistics.js'

/** One run of a group. */
export interface Member {
  buffer: SeriesBuffer
  /** Values used instead of the buffer's own, point by point: the smoothed series. */
  values?: Values
  /** When the run began, in milliseconds since 1970. */
  startedAt: number | null
  /** Seconds of training, and seconds since the start, by step, if they were recorded. */
  active?: SeriesBuffer | null
  elapsed?: SeriesBuffer | null
}

/** The state of a member when it was last counted. */
interface Seen {
  values: Values
  generation: number
  length: number
  clocks: readonly { reports: SeriesBuffer | null; generation: number; length: number }[]
}

const valuesOf = ({ buffer, values }: Member): Values => values ?? buffer
const lengthOf = (member: Member): number => Math.min(member.buffer.length, valuesOf(member).length)

/** The input of the axis for a single run, see `xMap`. */
const elapsedOf = ({ buffer, startedAt, active = null, elapsed = null }: Member, axis: 'wall' | 'active'): Elapsed => {
  const reports = axis === 'wall' ? elapsed : active
  if (reports?.length) return { length: reports.length, step: (i) => reports.step(i), elapsed: (i) => reports.value(i) }
  const map = xMap(axis, buffer, { stepsPerEpoch: null, batch: null, startedAt, active, elapsed })
  return { length: map ? buffer.length : 0, step: (i) => buffer.step(i), elapsed: (i) => map?.x(i) ?? NaN }
}
const wallOf = (member: Member): Elapsed => {
  const { elapsed, ...rest } = elapsedOf(member, 'wall')
  return { ...rest, elapsed: (i) => elapsed(i) * 1000 }
}
const activeOf = (member: Member): Elapsed => elapsedOf(member, 'active')
const clocksOf = ({ active = null, elapsed = null }: Member): (SeriesBuffer | null)[] => [active, elapsed]

/**
 * The centre of several runs' series and a band around it, at every step at which at least one of them has a point, over those that have
 * one: runs of different length, or that report at different steps, are never interpolated. Non-finite values are excluded, which shows in
 * `counts`. As the runs continue, only what is new is computed.
 */
export class Aggregate {
  /** Steps and centres; its times are milliseconds since the start of the runs (see GroupClock). */
  readonly buffer = new SeriesBuffer()
  /** Seconds of training at each point, averaged in the same way; NaN if no run recorded them. */
  readonly active = doubles()
  readonly low = new Pyramid()
  readonly high = new Pyramid()
  /** The number of runs in each point. */
  readonly counts: number[] = []
  #seen: Seen[] = []
  #cursors: number[] | null = null
  #wallClock = new GroupClock([], 0, 0)
  #activeClock = new GroupClock([], 0, 0)

  constructor(
    public members: readonly Member[],
    readonly center: Center,
    readonly spread: Spread,
  ) {}

  /** Continues to the end of the series or until the deadline (of `performance.now`); returns whether it is complete. */
  update(deadline = Infinity): boolean {
    this.#notice()
    const cursors = this.#cursors
    if (!cursors) return true
    const steps: number[] = []
    const middles: number[] = []
    const times: number[] = []
    const actives: number[] = []
    const lows: number[] = []
    const highs: number[] = []
    let done = true
    for (;;) {
      const step = this.#nextStep(cursors)
      if (step === Infinity) break
      if (steps.length % 256 === 255 && performance.now() > deadline) {
        done = false
        break
      }
      const values: number[] = []
      this.members.forEach((member, i) => {
        const at = cursors[i] as number
        if (at >= lengthOf(member) || member.buffer.step(at) !== step) return
        cursors[i] = at + 1
        values.push(valuesOf(member).value(at))
      })
      const sample = sampleOf(values)
      const [low, high] = bandOf(sample, this.spread)
      steps.push(step)
      times.push(this.#wallClock.at(step))
      actives.push(this.#activeClock.at(step))
      middles.push(this.center === 'mean' ? sample.mean : sample.median)
      lows.push(low)
      highs.push(high)
      this.counts.push(sample.n)
    }
    this.buffer.append({ steps: Float64Array.from(steps), values: Float64Array.from(middles), times: Float64Array.from(times) })
    this.active.append(Float64Array.from(actives))
    this.low.append(Float64Array.from(lows))
    this.high.append(Float64Array.from(highs))
    if (done) this.#cursors = null
    return done
  }

  #nextStep(cursors: readonly number[]): number {
    let step = Infinity
    this.members.forEach((member, i) => {
      const at = cursors[i] as number
      if (at < lengthOf(member)) step = Math.min(step, member.buffer.step(at))
    })
    return step
  }

  /** Determines from where on the series have changed since they were counted. */
  #notice(): void {
    let from = Infinity
    const same = this.#seen.length === this.members.length
    const now = this.members.map((member): Seen => {
      const values = valuesOf(member)
      return {
        values,
        generation: values.generation,
        length: lengthOf(member),
        clocks: clocksOf(member).map((reports) => ({ reports, generation: reports?.generation ?? 0, length: reports?.length ?? 0 })),
      }
    })
    this.members.forEach(({ buffer }, i) => {
      const [seen, is] = [this.#seen[i], now[i] as Seen]
      if (!same || !seen || seen.values !== is.values || seen.generation !== is.generation) from = -Infinity
      else {
        // The run continued after its last point, which the clocks did not know about.
        if (seen.length < is.length) from = Math.min(from, after(buffer, seen.length))
        is.clocks.forEach(({ reports, generation, length }, c) => {
          const before = seen.clocks[c]!
          if (before.reports !== reports || before.generation !== generation) from = -Infinity
          else if (reports && before.length < length) from = Math.min(from, after(reports, before.length))
        })
      }
    })
    this.#seen = now
    if (from === Infinity) return
    const kept = from === -Infinity ? 0 : Math.min(this.buffer.length, this.buffer.indexOf(from))
    // An interrupted count has not passed any new point, and continues from where it was.
    this.buffer.truncate(kept > 0 ? this.buffer.step(kept - 1) : -Infinity)
    this.active.truncate(kept)
    this.low.truncate(kept)
    this.high.truncate(kept)
    this.counts.length = kept
    const last = kept > 0 ? this.buffer.step(kept - 1) : -Infinity
    this.#wallClock = new GroupClock(this.members.map(wallOf), last, kept > 0 ? this.buffer.moment(kept - 1) : 0)
    this.#activeClock = new GroupClock(this.members.map(activeOf), last, kept > 0 ? this.active.at(kept - 1) : 0)
    this.#cursors = this.members.map(({ buffer }) => {
      const at = buffer.indexOf(last)
      return at < buffer.length && buffer.step(at) === last ? at + 1 : at
    })
  }
}

/** The first step that can follow after this number of points of a series; steps are integers. */
const after = (buffer: SeriesBuffer, length: number): number => (length > 0 ? buffer.step(length - 1) + 1 : -Infinity)

/** The positions of a group's points on an axis; null if its runs lack the data. */
export function groupMap(axis: XAxisKind, { buffer, active }: Aggregate, source: XSource): XMap | null {
  if (axis !== 'active') return xMap(axis, buffer, { ...source, startedAt: 0, active: null, elapsed: null })
  return Number.isFinite(active.at(0)) ? ascending(buffer, (i) => active.at(i), { identity: ['active'] }) : null
}
