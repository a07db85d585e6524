import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { randomFor } from '../../src-main/numeric/random.js'
import { importanceWithIntervals, outOfBagImportance } from '../../src-main/studies/forest.js'

/** From scikit-learn: test/reference/importance.py. */
const golden = JSON.parse(readFileSync(join(import.meta.dirname, '../fixtures/importance.json'), 'utf8')) as {
  x: number[][]
  y: number[]
  importance: number[]
}

it('is that of scikit-learn’s forests, as well as so many trees know it', () => {
  const found = outOfBagImportance(golden.x, golden.y, { trees: 600, seed: 1 })
  found.forEach((value, feature) =>
    expect(Math.abs(value - golden.importance[feature]!)).toBeLessThan(0.04 * golden.importance[feature]! + 0.003),
  )
  expect(outOfBagImportance(golden.x, golden.y, { trees: 20, seed: 1 })).toEqual(
    outOfBagImportance(golden.x, golden.y, { trees: 20, seed: 1 }),
  )
})

it('has intervals that tell what matters from what does not', () => {
  const [strong, , , none] = importanceWithIntervals(golden.x, golden.y, { trees: 100, seed: 1 })
  expect(strong!.low).toBeGreaterThan(0.2)
  expect(none!.low).toBeLessThan(0)
  expect(none!.high).toBeLessThan(0.1)
})

it('has intervals that hold the importance of more runs, in most of several experiments', () => {
  const draw = (count: number, seed: number) => {
    const random = randomFor(seed, 'test/forest')
    const x = Array.from({ length: count }, () => [random.uniform(), random.uniform()])
    return { x, y: x.map(([a]) => a! + 0.1 * random.normal()) }
  }
  const held = [1, 2, 3, 4, 5].filter((seed) => {
    const [first, second] = importanceWithIntervals(draw(60, seed).x, draw(60, seed).y, { trees: 60, seed })
    const [one, two] = outOfBagImportance(draw(60, seed + 100).x, draw(60, seed + 100).y, { trees: 60, seed })
    return first!.low < one! && one! < first!.high && second!.low < two! && two! < second!.high
  })
  expect(held.length).toBeGreaterThanOrEqual(4)
})
