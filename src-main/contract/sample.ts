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
  const median = middleOf(sorted)
  return { n, mean, median, deviation, error: deviation / Math.sqrt(n), min: sorted[0] as number, max: sorted[n - 1] as number }
}

/** The middle of values that are sorted, or the mean of both; also of infinite ones, which `sampleOf` leaves out. */
export function middleOf(sorted: readonly number[]): number {
  const middle = Math.floor(sorted.length / 2)
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}
