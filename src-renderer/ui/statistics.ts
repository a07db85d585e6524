import studentQuantile from '@stdlib/stats-base-dists-t-quantile'
import type { Sample } from '../../src-main/contract/sample.js'

/** How the centre of several runs is computed. */
export const CENTERS = ['mean', 'median'] as const
export type Center = (typeof CENTERS)[number]

/** The band around it: of the mean, except for the range, which is that of the runs themselves. */
export const SPREADS = ['deviation', 'error', 'interval', 'range'] as const
export type Spread = (typeof SPREADS)[number]

export const spreadTitle: Record<Spread, string> = {
  deviation: 'standard deviation',
  error: 'standard error',
  interval: '95% interval (Student t)',
  range: 'range',
}

/** Lower and upper edge of a band; for a single value the range has no width, and any other band is NaN. */
export function bandOf(sample: Sample, spread: Spread): [number, number] {
  const { n, mean, deviation, error, min, max } = sample
  if (spread === 'range') return [min, max]
  const half = spread === 'deviation' ? deviation : spread === 'error' ? error : n > 1 ? twoSidedQuantile(n - 1) * error : NaN
  return [mean - half, mean + half]
}

const quantiles = new Map<number, number>()

/** The 97.5% quantile of Student's t distribution. Cached, because a band needs it at every point of a chart. */
function twoSidedQuantile(freedom: number): number {
  let quantile = quantiles.get(freedom)
  if (quantile === undefined) quantiles.set(freedom, (quantile = studentQuantile(0.975, freedom)))
  return quantile
}
