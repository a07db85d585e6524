import studentQuantile from '@stdlib/stats-base-dists-t-quantile'

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

/** Statistics of a sample. The deviation is that of a sample (n - 1); with one value it and what follows from it are NaN. */
export interface Sample {
  n: number
  mean: number
  median: number
  deviation: number
  /** Standard error of the mean. */
  error: number
  min: number
  max: number
}

/** Over the finite values; everything is NaN where there is none. Two passes, so that close values keep their digits. */
export function sampleOf(values: readonly number[]): Sample {
  const finite = values.filter(Number.isFinite)
  const n = finite.length
  if (n === 0) return { n, mean: NaN, median: NaN, deviation: NaN, error: NaN, min: NaN, max: NaN }
  const first = finite.reduce((sum, value) => sum + value, 0) / n
  // What rounding took from the sum comes back with the deviations from it.
  const mean = first + finite.reduce((sum, value) => sum + (value - first), 0) / n
  const squares = finite.reduce((sum, value) => sum + (value - mean) ** 2, 0)
  const deviation = n > 1 ? Math.sqrt(squares / (n - 1)) : NaN
  const sorted = [...finite].sort((a, b) => a - b)
  const middle = n >> 1
  const median = n % 2 === 1 ? (sorted[middle] as number) : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2
  return { n, mean, median, deviation, error: deviation / Math.sqrt(n), min: sorted[0] as number, max: sorted[n - 1] as number }
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
