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
  const half = spread === 'deviation' ? deviation : spread === 'error' ? error : n > 1 ? studentQuantile(0.975, n - 1) * error : NaN
  return [mean - half, mean + half]
}

/**
 * Probability that Student's t with a whole number of degrees of freedom is at most `t`: the finite sums of Abramowitz and
 * Stegun 26.7.3 and 26.7.4, exact but for rounding.
 */
export function studentProbability(t: number, freedom: number): number {
  const angle = Math.atan(t / Math.sqrt(freedom))
  const cos = Math.cos(angle)
  const squared = cos * cos
  let sum: number
  if (freedom % 2 === 1) {
    let term = cos
    sum = freedom === 1 ? 0 : term
    for (let k = 3; k <= freedom - 2; k += 2) sum += term *= (squared * (k - 1)) / k
    return 0.5 + (angle + Math.sin(angle) * sum) / Math.PI
  }
  let term = 1
  sum = term
  for (let k = 2; k <= freedom - 2; k += 2) sum += term *= (squared * (k - 1)) / k
  return 0.5 + (Math.sin(angle) * sum) / 2
}

const quantiles = new Map<string, number>()

/** The value that Student's t stays below with this probability (0.5 to below 1). Found by halving until no double lies between. */
export function studentQuantile(probability: number, freedom: number): number {
  const key = `${probability}/${freedom}`
  const known = quantiles.get(key)
  if (known !== undefined) return known
  let low = 0
  let high = 1
  while (studentProbability(high, freedom) < probability) high *= 2
  for (;;) {
    const middle = (low + high) / 2
    if (middle <= low || middle >= high) break
    if (studentProbability(middle, freedom) < probability) low = middle
    else high = middle
  }
  quantiles.set(key, high)
  return high
}
