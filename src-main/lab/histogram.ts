import { binCentres } from '../contract/histograms.js'

/** Values in bins of equal width, symmetric about zero. */
export interface Histogram {
  /** Centres of the bins. */
  centres: number[]
  /** Fraction of the values in each bin, 0 to 1; their sum is less than 1 if some values are not finite. */
  shares: number[]
  /** Over all values; NaN if one is not finite. */
  mean: number
  deviation: number
  /** Number of NaN and infinite values, which belong to no bin. */
  notFinite: number
}

/**
 * The histogram of values.
 * @param most largest absolute value with a bin; larger ones count in the outermost bins
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

/** The quantile of the finite absolute values at the given fraction; 0 if there are none. */
export function absoluteQuantile(groups: readonly ArrayLike<number>[], part: number): number {
  const sizes = Float64Array.from(groups.flatMap((values) => Array.from(values, Math.abs)).filter(Number.isFinite)).sort()
  return sizes[Math.min(sizes.length - 1, Math.floor(part * sizes.length))] ?? 0
}
