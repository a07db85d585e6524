import { expect, test } from 'vitest'
import { randomFor } from '../../src-main/numeric/random.js'
import type { Moments } from '../../src-main/training/executor.js'
import { populationStatistics } from '../../src-main/training/population.js'

const CHANNELS = 3

/** Mean and biased variance of each channel of values [n, channels]. */
function momentsOf(values: readonly number[][]): Moments {
  const mean = Float32Array.from({ length: CHANNELS }, (_, c) => values.reduce((sum, each) => sum + each[c]!, 0) / values.length)
  const variance = mean.map((centre, c) => values.reduce((sum, each) => sum + (each[c]! - centre) ** 2, 0) / values.length)
  return new Map([
    ['stem/bn/mean', mean],
    ['stem/bn/variance', variance],
  ])
}

test('statistics of batches together are those of all their images, also where batches differ more than their images', () => {
  const random = randomFor(1, 'population')
  // Each batch has another location, so that most of the variance is that of the means.
  const batches = Array.from({ length: 7 }, (_, batch) =>
    Array.from({ length: 20 }, () => Array.from({ length: CHANNELS }, (_, c) => 1000 * c + 5 * batch + random.normal())),
  )
  const together = populationStatistics(batches.map(momentsOf))
  const all = momentsOf(batches.flat())
  expect([...together.keys()]).toEqual([...all.keys()])
  for (const [name, values] of all)
    values.forEach((value, c) => expect(Math.abs(together.get(name)![c]! / value - 1), `${name} ${c}`).toBeLessThan(1e-5))
})
