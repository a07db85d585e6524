/** Statistics of a sample. The standard deviation is that of a sample (n - 1); for a single value, it and derived statistics are NaN. */
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

/** Over the finite values; all statistics are NaN if there are none. Two passes, so that close values keep their precision. */
export function sampleOf(values: readonly number[]): Sample {
  const finite = values.filter(Number.isFinite)
  const n = finite.length
  if (n === 0) return { n, mean: NaN, median: NaN, deviation: NaN, error: NaN, min: NaN, max: NaN }
  const first = finite.reduce((sum, value) => sum + value, 0) / n
  // Summing the deviations from the first value recovers what rounding removes from a plain sum.
  const mean = first + finite.reduce((sum, value) => sum + (value - first), 0) / n
  const squares = finite.reduce((sum, value) => sum + (value - mean) ** 2, 0)
  const deviation = n > 1 ? Math.sqrt(squares / (n - 1)) : NaN
  const sorted = [...finite].sort((a, b) => a - b)
  const median = middleOf(sorted)
  return { n, mean, median, deviation, error: deviation / Math.sqrt(n), min: sorted[0] as number, max: sorted[n - 1] as number }
}

/** The median of sorted values, including infinite ones, which `sampleOf` ignores. */
export function middleOf(sorted: readonly number[]): number {
  const middle = Math.floor(sorted.length / 2)
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}
