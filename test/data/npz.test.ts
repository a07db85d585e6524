import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { importDataset } from '../../src-main/data/import.js'
import { NpzFile } from '../../src-main/data/npz.js'
import { loadPart } from '../../src-main/data/stored.js'
import { zipSync } from '../fixtures/zip.js'
import { channelsLast, imported, importing, leftIn, noise, npy, temporaryFolder } from './helpers.js'

async function npz(arrays: Record<string, Uint8Array>, name = 'my_arrays.npz'): Promise<string> {
  const path = join(await temporaryFolder(), name)
  await writeFile(path, zipSync(Object.fromEntries(Object.entries(arrays).map(([key, bytes]) => [`${key}.npy`, bytes]))))
  return path
}

const pixels = noise('npz', 6 * 4 * 5 * 3)
const labels = npy('<i8', [6], BigInt64Array.from([0n, 2n, 1n, 1n, 0n, 2n]))
const images = npy('|u1', [6, 4, 5, 3], pixels)

describe('NumPy arrays', () => {
  it('are read from a .npz: uint8 images and labels, to train and to test with', async () => {
    const test = npy('|u1', [1, 4, 5, 3], pixels.subarray(0, 60))
    const path = await npz({ x_train: images, y_train: labels, x_test: test, y_test: npy('|u1', [1], Uint8Array.of(1)) })
    const { dataset, folder } = await imported(path)
    expect(dataset).toMatchObject({
      name: 'my_arrays',
      format: 'npz',
      image: { height: 4, width: 5, channels: 3 },
      classNames: ['0', '1', '2'],
      counts: { train: 6, test: 1, unlabelled: 0 },
    })
    const { values, labels: read } = await loadPart(folder, dataset, 'train')
    expect([...read]).toEqual([0, 2, 1, 1, 0, 2])
    expect(Buffer.from(values)).toEqual(Buffer.from(pixels))
  })

  it.each([
    ['float32 in 0..1', '<f4', Float32Array.from(pixels, (value) => value / 255)],
    ['float64 in 0..255', '<f8', Float64Array.from(pixels)],
    ['int32', '<i4', Int32Array.from(pixels)],
  ] as const)('become pixels from %s', async (_, descr, values) => {
    const path = await npz({ images: npy(descr, [6, 4, 5, 3], values), labels })
    const { dataset, folder } = await imported(path)
    expect(Buffer.from((await loadPart(folder, dataset, 'train')).values)).toEqual(Buffer.from(pixels))
  })

  it('may have channels first, no channels, the names of MedMNIST, and labels in a column', async () => {
    const first = npy('|u1', [6, 3, 4, 5], pixels)
    const column = npy('|u1', [6, 1], Uint8Array.from([0, 2, 1, 1, 0, 2]))
    const { dataset, folder } = await imported(
      await npz({ train_images: first, train_labels: column, val_images: first, val_labels: column }),
    )
    expect(dataset).toMatchObject({ image: { height: 4, width: 5, channels: 3 }, counts: { train: 6, test: 6 } })
    expect(dataset.notes.join()).toContain('val_images is used as the test part')
    expect(dataset.assumptions).toEqual([
      expect.stringMatching(/^train_images, val_images was interpreted as \[images, channels, height, width\]/),
    ])
    expect(Buffer.from((await loadPart(folder, dataset, 'train')).values)).toEqual(Buffer.from(channelsLast(pixels, [3, 4, 5])))
    const grey = await imported(await npz({ X: npy('|u1', [6, 12, 5], pixels), y: labels }))
    expect(grey.dataset.image).toEqual({ height: 12, width: 5, channels: 1 })
  })

  it.each<[string, Record<string, Uint8Array>, RegExp]>([
    ['arrays of other names', { a: images, b: labels }, /arrays a, b\. Expected arrays: x_train, y_train/],
    ['no labels', { x_train: images }, /has x_train but no matching labels/],
    ['another number of labels', { images, labels: npy('|u1', [2], Uint8Array.of(0, 1)) }, /2 labels, but images has 6 images/],
    ['labels of one in many', { images, labels: npy('|u1', [6, 3], new Uint8Array(18)) }, /np\.argmax/],
    ['a label below 0', { images, labels: npy('<i4', [6], Int32Array.of(0, 1, -1, 0, 0, 0)) }, /has the label -1/],
    ['flat images', { images: npy('|u1', [6, 60], pixels), labels }, /of shape \[6, 60\]/],
    [
      'normalised images',
      {
        images: npy(
          '<f4',
          [6, 4, 5, 3],
          Float32Array.from(pixels, (v) => v / 128 - 1),
        ),
        labels,
      },
      /Undo the normalisation/,
    ],
    [
      'NaN',
      {
        images: npy(
          '<f4',
          [6, 4, 5, 3],
          Float32Array.from(pixels, (v, i) => (i === 9 ? NaN : v)),
        ),
        labels,
      },
      /values from NaN/,
    ],
    ["Fortran's order", { images: npy('|u1', [6, 4, 5, 3], pixels, 'True'), labels }, /ascontiguousarray/],
    ['objects, which are pickles', { images: npy('|O', [6], new Uint8Array(50)), labels }, /has the unsupported type \|O/],
    [
      'a header with more than literals',
      { images: npy("|u1', 'x': __import__('os'), 'y': '", [6, 4, 5, 3], pixels), labels },
      /not a plain array/,
    ],
    ['a shape larger than the data', { images: npy('|u1', [6, 400, 5, 3], pixels), labels }, /shorter than its shape/],
    ['an impossible shape', { images: npy('|u1', [99999999, 99999999, 9999999], pixels), labels }, /impossibly large/],
    ['no array at all', { images: Buffer.from('hello, this is no array'), labels }, /is not a NumPy array/],
  ])('with %s are refused, and nothing is left behind', async (_, arrays, message) => {
    const into = await temporaryFolder()
    const path = await npz(arrays)
    await expect(importDataset({ path }, importing(into))).rejects.toThrow(message)
    await expect(importDataset({ path }, importing(into))).rejects.toMatchObject({ code: 'BAD_INPUT' })
    expect(await leftIn(into)).toEqual([])
  })

  it('that are cut off are refused', async () => {
    const path = await npz({ images, labels })
    await writeFile(path, (await readFile(path)).subarray(0, 300))
    await expect(imported(path)).rejects.toThrow(/not a NumPy archive, or it is damaged/)
  })

  it('that unpack to much more than their size, to too much, or hold an array twice are refused', async () => {
    const zeros = await npz({ images: npy('|u1', [2 ** 21], new Uint8Array(2 ** 21)), labels })
    await expect(NpzFile.open(zeros, { ratioFrom: 2 ** 20 })).rejects.toThrow(
      /more than 100 times its size and was rejected as a decompression bomb/,
    )
    await expect(NpzFile.open(zeros, { bytes: 2 ** 20 })).rejects.toMatchObject({ code: 'BAD_INPUT' })
    ;(await NpzFile.open(zeros, { ratioFrom: 2 ** 22 })).close()
    const twice = await npz({ aaaa: images, bbbb: images })
    await writeFile(twice, Buffer.from((await readFile(twice)).toString('latin1').replaceAll('bbbb', 'aaaa'), 'latin1'))
    await expect(NpzFile.open(twice)).rejects.toThrow(/the same file twice/)
  })
})
