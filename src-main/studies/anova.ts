export interface Importance {
  key: string
  /** Fraction of the variance over the grid that the key explains by itself, 0 to 1. */
  share: number
}

/**
 * Exact analysis of variance of a complete grid: for every key, the variance of its marginal means (the means of all cells with the same
 * value of the key) divided by the variance of all cells; the remainder is due to interactions. Every combination of values must occur
 * exactly once. A grid with equal cells has no variance to explain: null. Source: Hooker 2007, "Generalized functional ANOVA diagnostics";
 * Hutter et al. 2014.
 */
export function gridImportance(
  cells: readonly { point: Readonly<Record<string, unknown>>; value: number }[],
  keys: readonly string[],
): Importance[] | null {
  const combinations = keys.reduce((product, key) => product * new Set(cells.map(({ point }) => point[key])).size, 1)
  const distinct = new Set(cells.map(({ point }) => JSON.stringify(keys.map((key) => point[key]))))
  if (distinct.size !== combinations || cells.length !== combinations) throw new RangeError('the grid is not complete')
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length
  const variance = (values: readonly number[]): number => {
    const middle = mean(values)
    return mean(values.map((value) => (value - middle) ** 2))
  }
  const total = variance(cells.map(({ value }) => value))
  if (!(total > 0)) return null
  return keys.map((key) => {
    const marginal = [...new Set(cells.map(({ point }) => point[key]))].map((wanted) =>
      mean(cells.filter(({ point }) => point[key] === wanted).map(({ value }) => value)),
    )
    return { key, share: variance(marginal) / total }
  })
}
