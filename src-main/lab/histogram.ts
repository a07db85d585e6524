import { binCentres } from '../contract/histograms.js'

/** Values in bins of equal width, symmetric about zero. */
export interface Histogram {
  /** Middles of the bins. */
  centres: number[]
  /** Part of the values in each bin, 0 to 1; their sum is less than 1 where some values are not finite. */
  shares: number[]
  /** Of all values; NaN where one is not finite. */
  mean: number
  deviation: number
  /** Values that are NaN or infinite, which have no bin. */
  notFinite: number
}

/**
 * How values are distributed.
 * @param most largest absolute value that has a bin; what lies beyond counts in the outermost ones
 */
export function histogram(values: ArrayLike<number>, bins: number, most: number): Histogram {
  const counts = new Array<number>(bins).fill(0)
  const width = (2 * most) / bins
  let [sum, squares, notFinite] = [0, 0, 0]
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!
    sum += value
    squares += value * value
    if (!Number.isFinite(value)) {
      notFinite++
      continue
    }
    const bin = width > 0 ? Math.floor((value + most) / width) : Math.floor(bins / 2)
    counts[Math.min(bins - 1, Math.max(0, bin))]!++
  }
  const mean = sum / values.length
  return {
    centres: binCentres(bins, most),
    shares: counts.map((count) => count / values.length),
    mean: notFinite ? NaN : mean,
    deviation: notFinite ? NaN : Math.sqrt(Math.max(0, squares / values.length - mean * mean)),
    notFinite,
  }
}

/** The absolute value that so large a part of the finite values does not exceed; 0 where there are none. */
export function absoluteQuantile(groups: readonly ArrayLike<number>[], part: number): number {
  const sizes = Float64Array.from(groups.flatMap((values) => Array.from(values, Math.abs)).filter(Number.isFinite)).sort()
  return sizes[Math.min(sizes.length - 1, Math.floor(part * sizes.length))] ?? 0
}
