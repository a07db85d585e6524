import studentProbability from '@stdlib/stats-base-dists-t-cdf'
import type { Sample } from '../../src-main/contract/sample.js'

/** Minimum number of runs of an entry in a comparison: fewer say next to nothing about the spread. */
export const LEAST_RUNS = 3
/** Family-wise error rate of a column. */
export const LEVEL = 0.05

type Moments = Pick<Sample, 'n' | 'mean' | 'deviation'>

/**
 * The two-sided p-value of Welch's t-test, which does not assume equal variances (Welch 1947), with the degrees of freedom of Welch and
 * Satterthwaite. If neither sample varies, it is 1 for equal means and 0 otherwise: the limit of small variances.
 * @param a mean and sample standard deviation over `n` values, like those of `b`
 * @returns NaN if a sample has fewer than two values
 */
export function welchTest(a: Moments, b: Moments): number {
  if (a.n < 2 || b.n < 2) return NaN
  const [va, vb] = [a.deviation ** 2 / a.n, b.deviation ** 2 / b.n]
  const difference = a.mean - b.mean
  if (va + vb === 0) return difference === 0 ? 1 : 0
  // Computed from ratios, because the square of a small variance may underflow to 0.
  const [sa, sb] = [va / (va + vb), vb / (va + vb)]
  const freedom = 1 / (sa ** 2 / (a.n - 1) + sb ** 2 / (b.n - 1))
  return 2 * studentProbability(-Math.abs(difference) / Math.sqrt(va + vb), freedom)
}

/**
 * p-values corrected for multiple comparisons by Holm's step-down method (Holm 1979): a hypothesis is rejected at a level if and only if
 * its corrected p-value is at most that level.
 * @param values in any order, without NaN
 */
export function holm(values: readonly number[]): number[] {
  const order = values.map((_, i) => i).sort((i, j) => (values[i] as number) - (values[j] as number))
  const corrected = new Array<number>(values.length)
  let greatest = 0
  order.forEach((i, rank) => {
    greatest = Math.max(greatest, Math.min(1, (values.length - rank) * (values[i] as number)))
    corrected[i] = greatest
  })
  return corrected
}

/**
 * The leading entries of a column: the one with the best mean, and every other that Welch's test, corrected by Holm's method, cannot
 * distinguish from it at the 5% level. Null if nothing can be said: if fewer than two entries have values, or one has fewer than three runs,
 * because an entry that was not tested would look worse.
 * @param samples the values of each entry of the column; entries without values are skipped
 */
export function leaders(samples: readonly (Moments | undefined)[], better: 'higher' | 'lower'): Set<number> | null {
  const entries = samples.flatMap((sample, i) => (sample && sample.n > 0 ? [{ i, sample }] : []))
  if (entries.length < 2 || entries.some(({ sample }) => sample.n < LEAST_RUNS)) return null
  const sign = better === 'higher' ? 1 : -1
  const best = entries.reduce((a, b) => (sign * b.sample.mean > sign * a.sample.mean ? b : a))
  const others = entries.filter((entry) => entry !== best)
  const corrected = holm(others.map(({ sample }) => welchTest(best.sample, sample)))
  return new Set([best.i, ...others.filter((_, i) => (corrected[i] as number) > LEVEL).map(({ i }) => i)])
}

/** What bold entries mean, for a caption. */
export const LEADERS_RULE =
  "Bold: the best mean and every entry not significantly different from it (two-sided Welch's t-test, Holm-corrected within the column, 5% level)."
export const NOTHING_COMPARED = `Nothing is bold: entries are compared only in columns where every entry is the mean of at least ${LEAST_RUNS} runs.`
