/** Values in bins of equal width, symmetric about zero. */
export interface Histogram {
  /** Middles of the bins. */
  centres: number[]
  /** Part of the values in each bin, 0 to 1. */
  shares: number[]
  /** Of all values. */
  mean: number
  deviation: number
}

/**
 * How values are distributed.
 * @param most largest absolute value that has a bin; what lies beyond counts in the outermost ones
 */
export function histogram(values: ArrayLike<number>, bins: number, most: number): Histogram {
  const counts = new Array<number>(bins).fill(0)
  const width = (2 * most) / bins
  let [sum, squares] = [0, 0]
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!
    sum += value
    squares += value * value
    const bin = width > 0 ? Math.floor((value + most) / width) : Math.floor(bins / 2)
    counts[Math.min(bins - 1, Math.max(0, bin))]!++
  }
  const mean = sum / values.length
  return {
    centres: counts.map((_, bin) => (bin + 0.5 - bins / 2) * width),
    shares: counts.map((count) => count / values.length),
    mean,
    deviation: Math.sqrt(Math.max(0, squares / values.length - mean * mean)),
  }
}

/** The absolute value that so large a part of the values does not exceed. */
export function absoluteQuantile(groups: readonly ArrayLike<number>[], part: number): number {
  const sizes = Float64Array.from(groups.flatMap((values) => Array.from(values, Math.abs))).sort()
  return sizes[Math.min(sizes.length - 1, Math.floor(part * sizes.length))] ?? 0
}
