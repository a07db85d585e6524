import { createHash } from 'node:crypto'
import { z } from 'zod'
import { CONTENT_VERSION, contentVersionOf } from '../contract/dataset-content.js'
import { DatasetSchema, type Dataset } from '../contract/datasets.js'
import { PartSchema, type DatasetPart } from '../contract/pixels.js'
import { valuesPerItem } from './shape.js'

/**
 * A stored data set is a folder: `dataset.json` and raw files, little-endian, one image or point after another. Images are uint8 [height,
 * width, channels]; points are float32; labels are uint16, an index into `classNames`.
 */
export const LAYOUT = 1
export const DESCRIPTION = 'dataset.json'

export const PARTS = PartSchema.options
export type Part = DatasetPart

export const StoredDatasetSchema = DatasetSchema.omit({ earlierHashes: true }).extend({
  layout: z.literal(LAYOUT),
  files: z.record(z.string(), z.strictObject({ bytes: z.int().min(0), sha256: z.string() })),
})
export type StoredDataset = z.infer<typeof StoredDatasetSchema>

/** The public part of the description; the strict schema of the contract has no room for the rest. */
export const descriptionOf = (stored: StoredDataset): Dataset =>
  DatasetSchema.strip().parse({ ...stored, earlierHashes: earlierHashes(stored) })

type Shape = Pick<Dataset, 'kind' | 'image'>

export const valuesFile = (kind: Dataset['kind'], part: Part): string => (kind === 'images' ? `${part}.images.u8` : `${part}.points.f32`)
export const labelsFile = (part: Part): string => `${part}.labels.u16`

export const bytesPerItem = (dataset: Shape): number => valuesPerItem(dataset) * (dataset.kind === 'images' ? 1 : 4)

/** Every file of a data set with these counts, and its length in bytes. */
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

type Content = Pick<StoredDataset, 'kind' | 'image' | 'classNames' | 'counts' | 'channelMean' | 'channelDeviation' | 'files'>

const listed = (files: StoredDataset['files']): [name: string, bytes: number, sha256: string][] =>
  Object.entries(files)
    .map(([name, { bytes, sha256 }]): [string, number, string] => [name, bytes, sha256])
    .sort(([a], [b]) => (a < b ? -1 : 1))

/** The content covered by each version of the hash. All versions remain: runs are compared using the version that they recorded. */
const COVERED: Record<number, (content: Content) => unknown[]> = {
  1: ({ kind, image: { height, width, channels }, classNames, files }) => [1, kind, [height, width, channels], classNames, listed(files)],
  2: ({ kind, image: { height, width, channels }, classNames, counts, channelMean, channelDeviation, files }) => [
    2,
    kind,
    [height, width, channels],
    classNames,
    PARTS.map((part) => counts[part]),
    channelMean,
    channelDeviation,
    listed(files),
  ],
}

/**
 * The hash of everything that determines computations on a data set: shapes, classes, counts, normalisation, and the content of every file;
 * but no name, source or date.
 */
export function contentHash(content: Content, version = CONTENT_VERSION): string {
  const covered = COVERED[version]
  if (!covered) throw new Error(`no hash of version ${version}`)
  const digits = createHash('sha256')
    .update(JSON.stringify(covered(content)))
    .digest('hex')
  return version === 1 ? digits : `${version}:${digits}`
}

/** Hashes of the same content in the versions before that of a stored data set. */
export const earlierHashes = (stored: StoredDataset): string[] =>
  Array.from({ length: contentVersionOf(stored.hash) - 1 }, (_, before) => contentHash(stored, before + 1))

/** Whether a description is unmodified: its hash matches its content. */
export const belongsTogether = (stored: StoredDataset): boolean =>
  contentVersionOf(stored.hash) in COVERED && contentHash(stored, contentVersionOf(stored.hash)) === stored.hash
