import { z } from 'zod'
import { ImageShapeSchema } from './config.js'

export const DatasetNameSchema = z.string().regex(/^[a-z0-9][a-z0-9._-]{0,63}$/, 'use lower-case letters, digits, . _ - (64 at most)')

export const DatasetSchema = z.strictObject({
  name: DatasetNameSchema,
  /** images: uint8 pixels. points: float32 coordinates (2-D problems); then image is { height: 1, width: 1, channels: n }. */
  kind: z.enum(['images', 'points']),
  format: z.string(),
  image: ImageShapeSchema,
  classNames: z.array(z.string()).min(1),
  counts: z.strictObject({ train: z.int().min(0), test: z.int().min(0), unlabelled: z.int().min(0) }),
  bytes: z.int().min(0),
  /** SHA-256 of the stored content. */
  hash: z.string(),
  /** Of the training images, pixels scaled to 0..1. */
  channelMean: z.array(z.number()),
  channelDeviation: z.array(z.number()),
  createdAt: z.number(),
  source: z.string(),
  /** What was missing, skipped or converted during the import. */
  notes: z.array(z.string()),
})
export type Dataset = z.infer<typeof DatasetSchema>

export const ImportDatasetSchema = z.strictObject({
  path: z.string().min(1),
  format: z.string().optional(),
  name: DatasetNameSchema.optional(),
})
export type ImportDataset = z.infer<typeof ImportDatasetSchema>
