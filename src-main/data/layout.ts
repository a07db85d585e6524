import { createHash } from 'node:crypto'
import { z } from 'zod'
import { DatasetSchema, type Dataset } from '../contract/datasets.js'
import { valuesPerItem } from './shape.js'

/**
 * A stored data set is a folder: `dataset.json` and raw files, little-endian, one image or point after the other.
 * Images are uint8 [height, width, channels]; points are float32; labels are uint16, an index into `classNames`.
 */
export const LAYOUT = 1
export const DESCRIPTION = 'dataset.json'

export const PARTS = ['train', 'test', 'unlabelled'] as const
export type Part = (typeof PARTS)[number]

export const StoredDatasetSchema = DatasetSchema.extend({
  layout: z.literal(LAYOUT),
  files: z.record(z.string(), z.strictObject({ bytes: z.int().min(0), sha256: z.string() })),
})
export type StoredDataset = z.infer<typeof StoredDatasetSchema>

type Shape = Pick<Dataset, 'kind' | 'image'>

export const valuesFile = (kind: Dataset['kind'], part: Part): string => (kind === 'images' ? `${part}.images.u8` : `${part}.points.f32`)
export const labelsFile = (part: Part): string => `${part}.labels.u16`

export const bytesPerItem = (dataset: Shape): number => valuesPerItem(dataset) * (dataset.kind === 'images' ? 1 : 4)

/** Every file that a data set with these counts has, and its length in bytes. */
export function expectedFiles(dataset: Shape & Pick<Dataset, 'counts'>): Map<string, number> {
  const files = new Map<string, number>()
  for (const part of PARTS) {
    const count = dataset.counts[part]
    if (!count) continue
    files.set(valuesFile(dataset.kind, part), count * bytesPerItem(dataset))
    if (part !== 'unlabelled') files.set(labelsFile(part), count * 2)
  }
  return files
}

/** The hash of what a network sees: shapes, classes and the content of every file, but no name, source or date. */
export function contentHash({ kind, image, classNames, files }: Pick<StoredDataset, 'kind' | 'image' | 'classNames' | 'files'>): string {
  const listed = Object.entries(files).map(([name, { bytes, sha256 }]) => [name, bytes, sha256])
  listed.sort(([a], [b]) => (a! < b! ? -1 : 1))
  const { height, width, channels } = image
  return createHash('sha256')
    .update(JSON.stringify([LAYOUT, kind, [height, width, channels], classNames, listed]))
    .digest('hex')
}
