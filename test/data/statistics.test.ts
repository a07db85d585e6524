import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { Histogram } from '../../src-main/contract/datasets.js'
import { pixelStatistics, pointStatistics } from '../../src-main/data/statistics.js'
import { folderWith, idx, imported } from './helpers.js'

/** Chunks of whole items, with the drawn lengths. */
function* pieces<T extends Uint8Array | Float32Array>(values: T, perItem: number, lengths: number[]): Generator<T> {
  let at = 0
  for (const length of lengths) yield values.subarray(at, (at += length * perItem)) as T
  yield values.subarray(at) as T
}

it('histograms of pixels count every level of each channel, however the pixels come', () => {
  const pixel = fc.tuple(...Array.from({ length: 3 }, () => fc.nat(255)))
  fc.assert(
    fc.property(fc.array(pixel, { minLength: 1, maxLength: 200 }), fc.array(fc.nat(40), { maxLength: 8 }), (pixels, lengths) => {
      const statistics = pixelStatistics(3)
      for (const piece of pieces(Uint8Array.from(pixels.flat()), 3, lengths)) statistics.add(piece)
      const { histogram } = statistics.result()
      histogram.forEach(({ low, width, counts }, channel) => {
        expect([low, width, counts.length]).toEqual([0, 4 / 255, 64])
        const expected = Array.from({ length: 64 }, (_, bin) => pixels.filter((values) => values[channel]! >> 2 === bin).length)
        expect(counts).toEqual(expected)
      })
    }),
    { numRuns: 50 },
  )
})

const counted = (values: Float32Array, { low, width, counts }: Histogram): number[] =>
  counts.map((_, bin) => values.filter((value) => value >= low + bin * width && value < low + (bin + 1) * width).length)

it('histograms of coordinates have at most 64 bins, count every value, and are the same in any order and pieces', () => {
  const coordinate = fc.oneof(fc.float({ noNaN: true, min: -4, max: 4 }), fc.float({ noNaN: true, min: -1e6, max: 1e6 }))
  fc.assert(
    fc.property(fc.array(coordinate, { minLength: 1, maxLength: 200 }), fc.array(fc.nat(40), { maxLength: 8 }), (list, lengths) => {
      const values = Float32Array.from(list)
      const statistics = pointStatistics(1)
      for (const piece of pieces(values, 1, lengths)) statistics.add(piece)
      const [histogram] = statistics.result().histogram as [Histogram]
      expect(histogram.counts.length).toBeLessThanOrEqual(64)
      expect(histogram.counts).toEqual(counted(values, histogram))
      expect(histogram.counts.reduce((sum, count) => sum + count, 0)).toBe(values.length)
      const reversed = pointStatistics(1)
      reversed.add(values.toReversed())
      expect(reversed.result().histogram).toEqual([histogram])
    }),
    { numRuns: 300 },
  )
})

it('coordinates share the width of the widest, which fills at least half of the bins', () => {
  const statistics = pointStatistics(2)
  statistics.add(Float32Array.from({ length: 2000 }, (_, i) => (i % 2 ? i / 100 : i / 2000)))
  const [narrow, wide] = statistics.result().histogram as [Histogram, Histogram]
  expect(wide.counts.length).toBeGreaterThan(32)
  expect(narrow).toEqual({ low: 0, width: wide.width, counts: [500, 500] })
})

it('an import keeps the histograms of the training images alone, beside the hash of the content', async () => {
  const images = Uint8Array.of(0, 3, 4, 255)
  const files = (test: number): Promise<string> =>
    folderWith({
      'train-images-idx3-ubyte': idx([1, 2, 2], images),
      'train-labels-idx1-ubyte': idx([1], Uint8Array.of(0)),
      't10k-images-idx3-ubyte': idx([1, 2, 2], new Uint8Array(4).fill(test)),
      't10k-labels-idx1-ubyte': idx([1], Uint8Array.of(0)),
    })
  const { dataset } = await imported(await files(100))
  const counts = new Array<number>(64).fill(0).with(0, 2).with(1, 1).with(63, 1)
  expect(dataset.channelHistogram).toEqual([{ low: 0, width: 4 / 255, counts }])
  expect((await imported(await files(101))).dataset.channelHistogram).toEqual(dataset.channelHistogram)
})
