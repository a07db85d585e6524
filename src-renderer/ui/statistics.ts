import studentQuantile from '@stdlib/stats-base-dists-t-quantile'
import type { Sample } from '../../src-main/contract/sample.js'

/** What the middle of several runs is. */
export const CENTERS = ['mean', 'median'] as const
export type Center = (typeof CENTERS)[number]

/** What the band around it is: of the mean, but for the range, which is of the runs themselves. */
export const SPREADS = ['deviation', 'error', 'interval', 'range'] as const
export type Spread = (typeof SPREADS)[number]

export const spreadTitle: Record<Spread, string> = {
  deviation: 'standard deviation',
  error: 'standard error',
  interval: '95% interval (Student t)',
  range: 'range',
}

/** Lower and upper edge of a band; with a single value it has no width but for the range, NaN. */
export function bandOf(sample: Sample, spread: Spread): [number, number] {
  const { n, mean, deviation, error, min, max } = sample
  if (spread === 'range') return [min, max]
  const half = spread === 'deviation' ? deviation : spread === 'error' ? error : n > 1 ? twoSidedQuantile(n - 1) * error : NaN
  return [mean - half, mean + half]
}

const quantiles = new Map<number, number>()

/** The value that Student's t stays below with a probability of 97.5%. Kept, since a band asks for it at every point of a chart. */
function twoSidedQuantile(freedom: number): number {
  let quantile = quantiles.get(freedom)
  if (quantile === undefined) quantiles.set(freedom, (quantile = studentQuantile(0.975, freedom)))
  return quantile
}
