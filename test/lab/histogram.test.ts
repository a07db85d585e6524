import { expect, it } from 'vitest'
import { randomFor } from '../../src-main/numeric/random.js'
import { absoluteQuantile, histogram } from '../../src-main/lab/histogram.js'

it('a line of values fills its bins evenly, with its own mean and deviation', () => {
  const values = Float64Array.from({ length: 400 }, (_, at) => (at + 0.5) / 200 - 1)
  const { centres, shares, mean, deviation, notFinite } = histogram(values, 4, 1)
  expect(centres).toEqual([-0.75, -0.25, 0.25, 0.75])
  expect(shares).toEqual([0.25, 0.25, 0.25, 0.25])
  expect(mean).toBeCloseTo(0, 12)
  // For a uniform variable, 1/√3.
  expect(deviation).toBeCloseTo(1 / Math.sqrt(3), 5)
  expect(notFinite).toBe(0)
  // Larger values count in the outermost bins, and equal values in the middle one.
  expect(histogram(values, 4, 0.5).shares).toEqual([0.375, 0.125, 0.125, 0.375])
  expect(histogram([0, 0], 3, 0).shares).toEqual([0, 1, 0])
})

it('values that are not finite are in no bin and in no quantile, and are counted', () => {
  const found = histogram([NaN, Infinity, -1, 1], 2, 1)
  expect(found).toMatchObject({ shares: [0.25, 0.25], mean: NaN, deviation: NaN, notFinite: 2 })
  expect(absoluteQuantile([[NaN, -3], [Infinity, 2]], 0.999)).toBe(3) // prettier-ignore
  expect(absoluteQuantile([[NaN]], 0.5)).toBe(0)
})

it('any values are counted once, mirrored values in mirrored bins, and scaled values in scaled ones', () => {
  const random = randomFor(7, 'histogram test')
  for (let round = 0; round < 50; round++) {
    const values = Float64Array.from({ length: random.integer(1, 300) }, () => random.normal() ** 3)
    const [bins, most] = [random.integer(1, 40), 0.1 + 2 * Math.abs(random.normal())]
    const { shares, centres } = histogram(values, bins, most)
    expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 9)
    const mirrored = histogram(values.map((value) => -value), bins, most) // prettier-ignore
    expect(mirrored.shares.toReversed()).toEqual(shares)
    const doubled = histogram(values.map((value) => 2 * value), bins, 2 * most) // prettier-ignore
    expect(doubled.shares).toEqual(shares)
    doubled.centres.forEach((centre, at) => expect(centre).toBeCloseTo(2 * centres[at]!, 12))
  }
})
