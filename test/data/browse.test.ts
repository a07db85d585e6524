import { describe, expect, it } from 'vitest'
import type { Dataset } from '../../src-main/contract/datasets.js'
import { unpackPixels } from '../../src-main/contract/pixels.js'
import { LabelCache } from '../../src-main/data/label-cache.js'
import { shrink } from '../../src-main/data/shrink.js'
import { storedSet, type View } from '../../src-main/data/view.js'
import { augmented } from '../../src-main/data/views/augmented.js'
import { classCounts } from '../../src-main/data/views/class-counts.js'
import { images } from '../../src-main/data/views/images.js'
import { points as pointsView } from '../../src-main/data/views/points.js'
import { split } from '../../src-main/data/views/split.js'
import type { z } from 'zod'
import { ensureBuiltin, makeDataset } from '../../src-main/data/import.js'
import { loadPart, readDataset, renameStored, verifyDataset } from '../../src-main/data/stored.js'
import { MakeDatasetSchema } from '../../src-main/contract/datasets.js'
import { join } from 'node:path'
import { CIFAR_PIXELS, cifarRecords, folderWith, imported, importing, noise, temporaryFolder } from './helpers.js'

const CLASSES = [3, 1, 3, 3, 0, 1, 3, 9]
const batch = cifarRecords(
  CLASSES.map((label) => [label]),
  noise('browse', CLASSES.length * CIFAR_PIXELS),
)
const open = async () =>
  imported(await folderWith({ 'data_batch_1.bin': batch, 'test_batch.bin': batch.subarray(0, 2 * (CIFAR_PIXELS + 1)) }))
const cache = new LabelCache()
const look = <Schema extends z.ZodType<{ name: string }>, Output>(
  view: View<Schema, Output>,
  folder: string,
  dataset: Dataset,
  wanted: Omit<z.input<Schema>, 'name'>,
): Promise<Output> => view.read(storedSet(folder, dataset, cache), view.input.parse({ name: dataset.name, ...wanted }) as z.output<Schema>)

describe('looking into a data set', () => {
  it('counts the images of each class', async () => {
    const { dataset, folder } = await open()
    const { train, test } = await look(classCounts, folder, dataset, {})
    expect(train).toEqual([1, 2, 0, 4, 0, 0, 0, 0, 0, 1])
    expect(test).toEqual([0, 1, 0, 1, 0, 0, 0, 0, 0, 0])
  })

  it('gives the images of a part or of one class, page by page, as they are stored', async () => {
    const { dataset, folder } = await open()
    const { values } = await loadPart(folder, dataset, 'train')
    const image = (index: number): Buffer => Buffer.from(values.slice(index * CIFAR_PIXELS, (index + 1) * CIFAR_PIXELS))
    const page = await look(images, folder, dataset, { part: 'train', label: 3, from: 1, count: 2, side: 32 })
    expect(page).toMatchObject({ total: 4, indices: [2, 3], labels: [3, 3], height: 32, width: 32, channels: 3 })
    expect(Buffer.from(unpackPixels(page))).toEqual(Buffer.concat([image(2), image(3)]))
    const last = await look(images, folder, dataset, { part: 'train', label: null, from: 7, count: 100, side: 32 })
    expect(last).toMatchObject({ total: 8, indices: [7], labels: [9] })
    expect(Buffer.from(unpackPixels(last))).toEqual(image(7))
    const none = await look(images, folder, dataset, { part: 'train', label: 2, from: 0, count: 10, side: 32 })
    expect(none).toMatchObject({ total: 0, indices: [], pixels: '' })
  })

  it('shrinks large images by the mean of whole squares', () => {
    const pixels = Uint8Array.from([0, 10, 20, 30, 40, 50, 60, 70])
    expect(Buffer.from(shrink(pixels, { height: 2, width: 4, channels: 1 }, 2).pixels, 'base64')).toEqual(Buffer.from([25, 45]))
    expect(shrink(pixels, { height: 2, width: 4, channels: 1 }, 2)).toMatchObject({ height: 1, width: 2 })
  })

  it('shows what augmentation does: nothing without it, else moved and mirrored copies on the mean colour', async () => {
    const { dataset, folder } = await open()
    const original = unpackPixels(await look(images, folder, dataset, { part: 'train', label: null, from: 1, count: 1, side: 32 }))
    const request = { part: 'train', index: 1, seed: 5, count: 16 } as const
    const same = unpackPixels(await look(augmented, folder, dataset, { ...request, pad: 0, flip: false }))
    for (let i = 0; i < 16; i++) expect(Buffer.from(same.subarray(i * CIFAR_PIXELS, (i + 1) * CIFAR_PIXELS)).equals(original)).toBe(true)

    const mirrored = Buffer.alloc(CIFAR_PIXELS)
    for (let y = 0; y < 32; y++)
      for (let x = 0; x < 32; x++) for (let c = 0; c < 3; c++) mirrored[(y * 32 + x) * 3 + c] = original[(y * 32 + 31 - x) * 3 + c]!
    const flipped = unpackPixels(await look(augmented, folder, dataset, { ...request, pad: 0, flip: true }))
    const found = new Set<string>()
    for (let i = 0; i < 16; i++) {
      const one = Buffer.from(flipped.subarray(i * CIFAR_PIXELS, (i + 1) * CIFAR_PIXELS))
      found.add(one.equals(original) ? 'same' : one.equals(mirrored) ? 'mirrored' : 'neither')
    }
    expect([...found].sort()).toEqual(['mirrored', 'same'])

    const moved = await look(augmented, folder, dataset, { ...request, pad: 4, flip: true })
    expect(await look(augmented, folder, dataset, { ...request, pad: 4, flip: true })).toEqual(moved)
    const mean = dataset.channelMean.map((value) => Math.round(255 * value))
    const bytes = unpackPixels(moved)
    const corners = Array.from({ length: 16 }, (_, i) => [...bytes.subarray(i * CIFAR_PIXELS, i * CIFAR_PIXELS + 3)])
    expect(corners).toContainEqual(mean)
    await expect(look(augmented, folder, dataset, { ...request, index: 8, pad: 0, flip: false })).rejects.toMatchObject({
      code: 'BAD_INPUT',
    })
  })

  it('counts how a run would divide the training images, by class', async () => {
    const into = await temporaryFolder()
    const dataset = await ensureBuiltin('mnist', importing(into))
    const { train, validation } = await look(split, join(into, 'mnist'), dataset, { seed: 1, subset: 0.5, validation: 0.2 })
    const whole = (await look(classCounts, join(into, 'mnist'), dataset, {})).train
    whole.forEach((count, label) => {
      expect(Math.abs(train[label]! + validation[label]! - count / 2)).toBeLessThanOrEqual(1)
      expect(Math.abs(validation[label]! - count / 10)).toBeLessThanOrEqual(1)
    })
  })

  it('gives points with their classes', async () => {
    const into = await temporaryFolder()
    const dataset = await ensureBuiltin('circles', importing(into))
    const { total, points } = await look(pointsView, join(into, 'circles'), dataset, { part: 'train', limit: 100 })
    expect([total, points.length]).toEqual([2000, 100])
    for (const { x, y, label } of points) expect(Math.abs(Math.hypot(x, y) - [0.5, 1][label]!)).toBeLessThan(0.3)
    const none = { part: 'train', label: null, from: 0, count: 1, side: 32 } as const
    await expect(look(images, join(into, 'circles'), dataset, none)).rejects.toMatchObject({ code: 'BAD_INPUT' })
  })
})

describe('points by seed', () => {
  const request = (rest: object) => MakeDatasetSchema.parse({ name: 'mine', kind: 'spirals', ...rest })

  it('are as many and as noisy as asked, the same for the same seed and others for another', async () => {
    const make = async (rest: object) => {
      const into = await temporaryFolder()
      return { into, dataset: await makeDataset(request(rest), importing(into)) }
    }
    const { into, dataset } = await make({ seed: 7, points: 300, noise: 0 })
    expect(dataset).toMatchObject({
      name: 'mine',
      kind: 'points',
      counts: { train: 300, test: 150 },
      source: expect.stringContaining('seed 7'),
    })
    expect((await make({ seed: 7, points: 300, noise: 0 })).dataset.hash).toBe(dataset.hash)
    expect((await make({ seed: 8, points: 300, noise: 0 })).dataset.hash).not.toBe(dataset.hash)
    const noisy = await make({ seed: 7, points: 300, noise: 0.3 })
    expect(noisy.dataset.channelDeviation[0]).toBeGreaterThan(dataset.channelDeviation[0]! + 0.02)
    // Without noise, every point is on its arm: angle and radius agree.
    const { points } = await look(pointsView, join(into, 'mine'), dataset, { part: 'train', limit: 300 })
    for (const { x, y, label } of points) {
      const along = (Math.hypot(x, y) - 0.05) / 0.95
      const turn = 2 * Math.PI * 1.75 * along + Math.PI * label
      expect(Math.hypot(x - Math.hypot(x, y) * Math.cos(turn), y - Math.hypot(x, y) * Math.sin(turn))).toBeLessThan(1e-4)
    }
  })

  it('of an unknown kind, or under a name that is taken, are refused', async () => {
    const into = await temporaryFolder()
    await expect(makeDataset(request({ kind: 'moons' }), importing(into))).rejects.toThrow(
      /Choose one of circles, ellipses, peaks, swiss-roll, two-spirals/,
    )
    await makeDataset(request({}), importing(into))
    await expect(makeDataset(request({}), importing(into))).rejects.toMatchObject({ code: 'CONFLICT' })
  })
})

it('a stored data set gets another name and stays what it is', async () => {
  const { dataset, folder } = await open()
  await renameStored(folder, 'other')
  expect(await readDataset(folder)).toEqual({ ...dataset, name: 'other' })
  expect(await verifyDataset(folder)).toEqual({ ok: true, problems: [] })
})
