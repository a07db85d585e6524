import { z } from 'zod'
import { computed, defineComputation } from '../computation.js'
import { importanceWithIntervals } from '../forest.js'

const numbers = z.array(z.number())

/** The importance of features by permutation, from runs of a search: seconds for a thousand. */
export const forestImportance = defineComputation({
  id: 'forest-importance',
  revision: 1,
  options: z
    .strictObject({
      /** Features of each row, 1 or more. */
      features: z.int().min(1),
      /** The rows one after the other. */
      x: numbers,
      /** The value of each row. */
      y: numbers.min(4),
      trees: z.int().min(1).max(10_000),
      /** Of bootstrap samples and permutations. */
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
