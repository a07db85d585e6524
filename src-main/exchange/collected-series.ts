import { UserError } from '../contract/errors.js'
import type { Points } from '../contract/metrics.js'
import { listed, seriesKey } from './series-key.js'

export interface SeriesLimits {
  series: number
  points: number
}
export const SERIES_LIMITS: SeriesLimits = { series: 2000, points: 50_000_000 }

interface Growing {
  steps: number[]
  values: number[]
  times: number[]
}

/** Scalars of one run, added in any order, with sentences on how irregular data were handled. */
export class CollectedSeries {
  private readonly byKey = new Map<string, Growing>()
  private total = 0
  private untimed = 0
  private lastTime = 0

  /** @param source the source, for errors */
  constructor(
    private readonly source: string,
    private readonly limits: SeriesLimits = SERIES_LIMITS,
  ) {}

  has(name: string): boolean {
    return this.byKey.has(seriesKey(name))
  }

  /**
   * @param time milliseconds since 1970; if null or beyond the year 9999, that of the previous point
   * @throws UserError BAD_INPUT for a step that is not an integer from 0 to 2^53, and beyond the limits
   */
  add(name: string, step: number, value: number, time: number | null): void {
    if (!Number.isSafeInteger(step) || step < 0)
      throw new UserError('BAD_INPUT', `${this.source} has ${name} at step ${step}, but steps must be whole numbers from 0 to 2^53.`)
    const key = seriesKey(name)
    let series = this.byKey.get(key)
    if (!series) {
      if (this.byKey.size >= this.limits.series)
        throw new UserError(
          'BAD_INPUT',
          `${this.source} has more than ${this.limits.series} metrics, the maximum. Import a run with fewer.`,
        )
      this.byKey.set(key, (series = { steps: [], values: [], times: [] }))
    }
    if (++this.total > this.limits.points)
      throw new UserError('BAD_INPUT', `${this.source} has more than ${this.limits.points} scalars, the maximum. Import a run with fewer.`)
    const known = time !== null && time >= 0 && time <= LAST_TIME
    if (!known) this.untimed += 1
    this.lastTime = known ? time : this.lastTime
    series.steps.push(step)
    series.values.push(value)
    series.times.push(this.lastTime)
  }

  /**
   * Every series by its key in ascending steps: of several points at one step the last counts, and if all points of a series are at step 0,
   * their order gives the steps.
   * @throws UserError BAD_INPUT if there are none
   */
  finish(): { series: { key: string; points: Points }[]; assumptions: string[] } {
    if (this.total === 0) throw new UserError('BAD_INPUT', `${this.source} contains no scalars to import. Choose another run.`)
    const numbered: string[] = []
    let replaced = 0
    const series = [...this.byKey].map(([key, growing]) => {
      const stepless = growing.steps.length > 1 && growing.steps.every((step) => step === 0)
      if (stepless) numbered.push(key)
      const points = inOrder(stepless ? { ...growing, steps: growing.steps.map((_, at) => at) } : growing)
      replaced += growing.steps.length - points.steps.length
      return { key, points }
    })
    return {
      series,
      assumptions: [
        ...(replaced > 0 ? [`Of several values of a metric at one step the last was kept; ${replaced} others were left out.`] : []),
        ...(numbered.length > 0 ? [`Values without steps were numbered from 0 in file order: ${listed(numbered)}.`] : []),
        ...(this.untimed > 0 ? [`${this.untimed} values have no time; they were given that of the value before.`] : []),
      ],
    }
  }
}

/** The last millisecond of the year 9999, the limit of date formats. */
const LAST_TIME = 253_402_300_799_999

function inOrder({ steps, values, times }: Growing): Points {
  const order = steps.map((_, at) => at)
  if (steps.some((step, at) => at > 0 && step <= steps[at - 1]!)) order.sort((a, b) => steps[a]! - steps[b]! || a - b)
  const kept = order.filter((at, i) => i + 1 === order.length || steps[order[i + 1]!] !== steps[at])
  const of = (numbers: readonly number[]): Float64Array => Float64Array.from(kept, (at) => numbers[at]!)
  return { steps: of(steps), values: of(values), times: of(times) }
}
