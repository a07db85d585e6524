import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { importDataset } from '../../src-main/data/import.js'
import { loadPart, verifyDataset } from '../../src-main/data/stored.js'
import { importing, temporaryFolder } from './helpers.js'

/** Real data sets, whose licences do not allow adding them to this repository; next to a checkout, or at RETRACE_DATA. */
const DATA = process.env['RETRACE_DATA'] ?? join(import.meta.dirname, '../../../shared/data')

const CASES = [
  {
    path: 'cifar-10-batches-bin',
    expected: { name: 'cifar-10', image: { height: 32, width: 32, channels: 3 }, counts: { train: 10_000, test: 10_000, unlabelled: 0 } },
    classes: 10,
    notes: /data_batch_2\.bin, data_batch_3\.bin, data_batch_4\.bin, data_batch_5\.bin missing/,
    // Over all 50,000 images, as in the literature; those of a fifth of them are close.
    means: [0.4914, 0.4822, 0.4465],
  },
  {
    path: 'cifar-100-binary',
    expected: { name: 'cifar-100', image: { height: 32, width: 32, channels: 3 }, counts: { train: 5000, test: 1000, unlabelled: 0 } },
    classes: 100,
    notes: /fine labels/,
    means: [0.5071, 0.4866, 0.4409],
  },
  {
    path: 'stl10_binary',
    expected: { name: 'stl-10', image: { height: 96, width: 96, channels: 3 }, counts: { train: 42, test: 10, unlabelled: 246 } },
    classes: 10,
    notes: null,
    means: null,
  },
]

describe.each(CASES)('$path', ({ path, expected, classes, notes, means }) => {
  const folder = join(DATA, path)
  const there = existsSync(folder)
  it.skipIf(!there)(
    `is imported whole, with progress and hashes${there ? '' : ` (skipped: there is no folder ${path} in RETRACE_DATA)`}`,
    async () => {
      const into = await temporaryFolder()
      const progress: number[] = []
      const dataset = await importDataset({ path: folder }, { ...importing(into), onProgress: (done) => void progress.push(done ?? NaN) })
      expect(dataset).toMatchObject(expected)
      expect(dataset.classNames).toHaveLength(classes)
      if (notes) expect(dataset.notes.join()).toMatch(notes)
      if (means) dataset.channelMean.forEach((mean, channel) => expect(Math.abs(mean - means[channel]!)).toBeLessThan(0.01))
      expect(progress.at(-1)).toBe(1)
      expect(progress.every((done, at) => at === 0 || done >= progress[at - 1]!)).toBe(true)
      expect(await verifyDataset(join(into, dataset.name))).toEqual({ ok: true, problems: [] })
      const { labels } = await loadPart(join(into, dataset.name), dataset, 'train')
      expect(new Set(labels).size).toBe(classes)
    },
  )
})
