import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { layer, peaks } from '../../src-main/data/builtins/peaks.js'
import { builtinNames, ensureBuiltin } from '../../src-main/data/import.js'
import { loadPart, verifyDataset } from '../../src-main/data/stored.js'
import { importing, temporaryFolder } from './helpers.js'

const count = (labels: ArrayLike<number>): Map<number, number> => {
  const counts = new Map<number, number>()
  for (const label of Array.from(labels)) counts.set(label, (counts.get(label) ?? 0) + 1)
  return counts
}

describe('the built-in data sets', () => {
  it('are the digits and the problems of the plane', () => {
    expect(builtinNames().sort()).toEqual(['circles', 'ellipses', 'mnist', 'peaks', 'swiss-roll', 'swiss-roll-grid', 'two-spirals'])
  })

  it('have 8,000 and 2,000 digits, each class in its share, none twice', async () => {
    const into = await temporaryFolder()
    const dataset = await ensureBuiltin('mnist', importing(into))
    expect(dataset).toMatchObject({
      counts: { train: 8000, test: 2000, unlabelled: 0 },
      image: { height: 28, width: 28, channels: 1 },
      // The split and the order are part of what a result on this data set means.
      earlierHashes: ['4020b493af253c51db209113689f39bdaf55682d2a9a065fc7b4b99fa4176949'],
    })
    const [train, test] = [await loadPart(join(into, 'mnist'), dataset, 'train'), await loadPart(join(into, 'mnist'), dataset, 'test')]
    const [inTrain, inTest] = [count(train.labels), count(test.labels)]
    for (const digit of inTest.keys())
      expect(Math.abs(inTest.get(digit)! - 0.2 * (inTest.get(digit)! + inTrain.get(digit)!))).toBeLessThan(1)
    // Evaluations on few images use only the first ones, which must not all belong to one class.
    expect(count(test.labels.subarray(0, 100)).size).toBe(10)
    const images = new Set<string>()
    for (const { values, count: n } of [train, test])
      for (let i = 0; i < n; i++) images.add(Buffer.from(values.subarray(i * 784, (i + 1) * 784)).toString('latin1'))
    expect(images.size).toBe(10_000)
    expect(dataset.channelMean[0]).toBeCloseTo(0.1307, 2)
  })

  it.each(['circles', 'ellipses', 'peaks', 'swiss-roll', 'two-spirals'])(
    '%s: the same points each time, held-out ones apart',
    async (name) => {
      const [into, other] = [await temporaryFolder(), await temporaryFolder()]
      const dataset = await ensureBuiltin(name, importing(into))
      expect(dataset).toMatchObject({ kind: 'points', image: { height: 1, width: 1, channels: 2 }, format: 'generated' })
      expect((await ensureBuiltin(name, importing(other))).hash).toBe(dataset.hash)
      expect((await verifyDataset(join(into, name))).ok).toBe(true)
      const points = async (part: 'train' | 'test'): Promise<string[]> => {
        const { values, labels } = await loadPart(join(into, name), dataset, part)
        expect(new Set(count(labels).values()).size).toBe(1)
        return Array.from(labels, (_, i) => `${values[2 * i]},${values[2 * i + 1]}`) // prettier-ignore
      }
      const [train, test] = [new Set(await points('train')), await points('test')]
      expect(test.filter((point) => train.has(point))).toEqual([])
    },
  )

  it('have the Swiss roll at equal angles, every second place to test with', async () => {
    const into = await temporaryFolder()
    const dataset = await ensureBuiltin('swiss-roll-grid', importing(into))
    const [train, test] = [
      await loadPart(join(into, 'swiss-roll-grid'), dataset, 'train'),
      await loadPart(join(into, 'swiss-roll-grid'), dataset, 'test'),
    ]
    expect([train, test].map(({ labels }) => [count(labels).get(0), count(labels).get(1)])).toEqual([
      [257, 256],
      [256, 257],
    ])
    // Sums in float64 of the points from the published code (setupSwissRoll), computed with NumPy.
    const of = (at: number): number[] => Array.from(train.values).filter((_, i) => i % 2 === at)
    expect(of(0).reduce((sum, value) => sum + value, 0)).toBeCloseTo(0.4999999999999518, 4)
    expect(of(1).reduce((sum, value) => sum + value, 0)).toBeCloseTo(-40.74162010327307, 4)
    expect(Array.from(train.values).reduce((sum, value) => sum + value ** 2, 0)).toBeCloseTo(232.6069921875, 3)
  })

  it('classify by the nearest training point: the classes are apart', async () => {
    const into = await temporaryFolder()
    for (const [name, accuracy] of [
      ['circles', 0.99],
      ['ellipses', 0.97],
      ['swiss-roll-grid', 0.99],
      ['swiss-roll', 0.99],
      ['two-spirals', 0.99],
      ['peaks', 0.97],
    ] as const) {
      // prettier-ignore
      const dataset = await ensureBuiltin(name, importing(into))
      const [train, test] = [await loadPart(join(into, name), dataset, 'train'), await loadPart(join(into, name), dataset, 'test')]
      let right = 0
      for (let i = 0; i < test.count; i++) {
        let [nearest, least] = [0, Infinity]
        for (let j = 0; j < train.count; j++) {
          const distance = (train.values[2 * j]! - test.values[2 * i]!) ** 2 + (train.values[2 * j + 1]! - test.values[2 * i + 1]!) ** 2
          if (distance < least) [nearest, least] = [j, distance]
        }
        if (train.labels[nearest] === test.labels[i]) right++
      }
      expect(right / test.count, name).toBeGreaterThan(accuracy)
    }
  })

  it('peaks has its known extremes in the outermost layers', () => {
    expect(peaks(-0.0093, 1.5814)).toBeCloseTo(8.1062, 4)
    expect(peaks(0.2283, -1.6255)).toBeCloseTo(-6.5511, 4)
    expect([layer(-0.0093, 1.5814), layer(0.2283, -1.6255)]).toEqual([4, 0])
  })

  it('are made once: what is there is read, and what is damaged is told', async () => {
    const into = await temporaryFolder()
    const first = await ensureBuiltin('circles', importing(into))
    expect(await ensureBuiltin('circles', importing(into))).toEqual(first)
    await expect(ensureBuiltin('imagenet', importing(into))).rejects.toMatchObject({ code: 'NOT_FOUND' })
  })
})
