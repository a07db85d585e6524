import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { randomCrop, UNTOUCHED, writeImage } from '../../src-main/data/augment.js'
import { openBatches, type DataConfig } from '../../src-main/data/batches.js'
import { ensureBuiltin } from '../../src-main/data/import.js'
import { splitTraining } from '../../src-main/data/split.js'
import { randomFor } from '../../src-main/numeric/random.js'
import { importing, temporaryFolder } from './helpers.js'

const labelsOf = fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 10, maxLength: 300 })

describe('a subset', () => {
  it('contains every smaller one of the same seed, and so do its training and validation parts', () => {
    fc.assert(
      fc.property(
        labelsOf,
        fc.nat(1000),
        fc.double({ min: 0.01, max: 1, noNaN: true }),
        fc.double({ min: 0.01, max: 1, noNaN: true }),
        fc.double({ min: 0, max: 0.5, noNaN: true }),
        (labels, seed, a, b, validation) => {
          const of = (subset: number) => splitTraining(labels, { seed, subset, validation })
          const [small, large] = [of(Math.min(a, b)), of(Math.max(a, b))]
          for (const part of ['train', 'validation'] as const) {
            const all = new Set(large[part])
            expect([...small[part]].every((index) => all.has(index))).toBe(true)
          }
          expect([...large.train].filter((index) => large.validation.includes(index))).toEqual([])
          expect(new Set([...large.train, ...large.validation]).size).toBe(large.train.length + large.validation.length)
        },
      ),
    )
  })

  it('has every class in its share, to within an image where classes are of one size', () => {
    fc.assert(
      fc.property(labelsOf, fc.nat(1000), fc.double({ min: 0.05, max: 1, noNaN: true }), (labels, seed, subset) => {
        const { train } = splitTraining(labels, { seed, subset, validation: 0 })
        const classes = new Set(labels)
        for (const label of classes) {
          const share = labels.filter((each) => each === label).length / labels.length
          const found = [...train].filter((index) => labels[index] === label).length
          expect(Math.abs(found - share * train.length)).toBeLessThanOrEqual((1 + classes.size * share) / 2 + 1e-9)
        }
      }),
      { numRuns: 1000 },
    )
  })

  it('of another seed is another one', () => {
    const labels = Array.from({ length: 200 }, (_, i) => i % 4)
    const of = (seed: number) => splitTraining(labels, { seed, subset: 0.2, validation: 0.25 })
    expect(of(1)).toEqual(of(1))
    expect(of(1).train).not.toEqual(of(2).train)
    expect([of(1).train.length, of(1).validation.length]).toEqual([32, 8])
  })
})

describe('pad, crop and flip', () => {
  const size = { height: 3, width: 4, channels: 2 }
  const image = Uint8Array.from({ length: 24 }, (_, i) => i + 1)
  const table = Float32Array.from({ length: 512 }, (_, i) => (i & 255) + (i >> 8) * 1000)

  it('moves and mirrors every pixel, and fills with zero what lies outside', () => {
    const offset = fc.integer({ min: -5, max: 5 })
    fc.assert(
      fc.property(offset, offset, fc.boolean(), (down, right, flip) => {
        const out = new Float32Array(24).fill(NaN)
        writeImage(image, 0, table, out, 0, size, { down, right, flip })
        for (let y = 0; y < 3; y++)
          for (let x = 0; x < 4; x++)
            for (let c = 0; c < 2; c++) {
              const [row, column] = [y + down, (flip ? 3 - x : x) + right]
              const inside = row >= 0 && row < 3 && column >= 0 && column < 4
              expect(out[(y * 4 + x) * 2 + c]).toBe(inside ? image[(row * 4 + column) * 2 + c]! + c * 1000 : 0)
            }
      }),
    )
  })

  it('draws offsets up to the padding, both signs, and flips half of the images', () => {
    const random = randomFor(1, 'test')
    const crops = Array.from({ length: 2000 }, () => randomCrop(random, { pad: 2, flip: true }))
    expect([...new Set(crops.map(({ down }) => down))].sort((a, b) => a - b)).toEqual([-2, -1, 0, 1, 2])
    expect(new Set(crops.map(({ right }) => right)).size).toBe(5)
    expect(crops.filter(({ flip }) => flip).length / 2000).toBeCloseTo(0.5, 1)
    expect(randomCrop(random, { pad: 0, flip: false })).toEqual(UNTOUCHED)
  })
})

describe('the batches of a run', () => {
  const config: DataConfig = {
    seed: 7,
    subset: 0.02,
    validation: 0.25,
    augment: { pad: 2, flip: true },
    batch: 8,
    image: { height: 28, width: 28, channels: 1 },
    classes: 10,
  }
  const open = async (changes: Partial<DataConfig> = {}, fromStep = 0) => {
    const into = await temporaryFolder()
    await ensureBuiltin('mnist', importing(into))
    return openBatches({ folder: join(into, 'mnist'), config: { ...config, ...changes }, fromStep, worker: null })
  }
  const take = async (batches: Awaited<ReturnType<typeof open>>, count: number) => {
    const taken = []
    for (let i = 0; i < count; i++) taken.push(await batches.next())
    return taken.map(({ step, images, labels }) => ({ step, images: Buffer.from(images.buffer), labels: [...labels] }))
  }

  it('are a function of configuration and step alone: begun later they are the same', async () => {
    const whole = await take(await open(), 20)
    expect(await take(await open({}, 9), 11)).toEqual(whole.slice(9))
    expect(await take(await open({ seed: 8 }), 1)).not.toEqual(whole.slice(0, 1))
  })

  it('go through every training image once an epoch, in another order each time, and never through the held-out ones', async () => {
    const batches = await open({ augment: { pad: 0, flip: false }, batch: 2 })
    // 160 images, of which a quarter of each class, rounded down, is held out.
    expect([batches.trainImages, batches.stepsPerEpoch]).toEqual([122, 61])
    const epochs = [await take(batches, 61), await take(batches, 61)].map((epoch) =>
      epoch.flatMap(({ images }) =>
        Array.from({ length: 2 }, (_, i) => images.subarray(i * 784 * 4, (i + 1) * 784 * 4).toString('latin1')),
      ),
    )
    expect(new Set(epochs[0]).size).toBe(122)
    expect(new Set(epochs[1])).toEqual(new Set(epochs[0]))
    expect(epochs[1]).not.toEqual(epochs[0])
    let held = 0
    for (const { images, count } of batches.heldOut('validation', { batch: 16, limit: 0 }))
      for (let i = 0; i < count; i++, held++)
        expect(epochs[0]).not.toContain(Buffer.from(images.slice(i * 784, (i + 1) * 784).buffer).toString('latin1'))
    expect(held).toBe(38)
  })

  it('are normalised by the mean and deviation of all training images', async () => {
    const batches = await open({ subset: 1, validation: 0, batch: 8000, augment: { pad: 0, flip: false } })
    const { images } = await batches.next()
    const mean = images.reduce((sum, value) => sum + value, 0) / images.length
    const deviation = Math.sqrt(images.reduce((sum, value) => sum + (value - mean) ** 2, 0) / images.length)
    expect(mean).toBeCloseTo(0, 4)
    expect(deviation).toBeCloseTo(1, 4)
  })
})
