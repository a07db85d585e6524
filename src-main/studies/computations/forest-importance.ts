import { z } from 'zod'
import { computed, defineComputation } from '../computation.js'
import { importanceWithIntervals } from '../forest.js'

const numbers = z.array(z.number())

/** Permutation importance of features, from the runs of a search: takes seconds for a thousand runs. */
export const forestImportance = defineComputation({
  id: 'forest-importance',
  revision: 1,
  options: z
    .strictObject({
      /** Number of features in each row, 1 or more. */
      features: z.int().min(1),
      /** Consecutive rows. */
      x: numbers,
      /** The value of each row. */
      y: numbers.min(4),
      trees: z.int().min(1).max(10_000),
      /** Seed of bootstrap samples and permutations. */
      seed: z.int(),
    })
    .refine(({ features, x, y }) => x.length === features * y.length, {
      path: ['x'],
      message: 'must have as many rows as there are values',
    }),
  result: z.strictObject({ importance: z.array(computed), low: z.array(computed), high: z.array(computed) }),
  compute({ features, x, y, trees, seed }, progress) {
    const rows = y.map((_, row) => x.slice(row * features, (row + 1) * features))
    const found = importanceWithIntervals(rows, y, { trees, seed }, progress)
    return {
      importance: found.map(({ importance }) => importance),
      low: found.map(({ low }) => low),
      high: found.map(({ high }) => high),
    }
  },
})
