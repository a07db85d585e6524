import { z } from 'zod'
import { ImageShapeSchema } from './config.js'

export const DatasetNameSchema = z.string().regex(/^[a-z0-9][a-z0-9._-]{0,63}$/, 'use lower-case letters, digits, . _ - (64 at most)')

/** What an import did with what it found. */
export const ImportReportSchema = z.strictObject({
  /** Images or points that were stored. */
  stored: z.int().min(0),
  /** How many of them were given another size, and how many other colours. */
  resized: z.int().min(0),
  recoloured: z.int().min(0),
  skipped: z.array(
    z.strictObject({
      why: z.string(),
      count: z.int().min(1),
      /** The first of the files concerned. */
      examples: z.array(z.string()),
    }),
  ),
  seconds: z.number().min(0),
})
export type ImportReport = z.infer<typeof ImportReportSchema>

/** The most bins of a histogram. */
export const HISTOGRAM_BINS = 64

/** Counts of the values in bins of one width, the first from `low` on; a bin holds its lower edge and not its upper one. */
export const HistogramSchema = z.strictObject({
  low: z.number(),
  width: z.number().positive(),
  counts: z.array(z.int().min(0)).min(1).max(HISTOGRAM_BINS),
})
export type Histogram = z.infer<typeof HistogramSchema>

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
  /** A channel or coordinate each. Absent for data sets that were imported before there were histograms. */
  channelHistogram: z.array(HistogramSchema).optional(),
  createdAt: z.number(),
  source: z.string(),
  /** What was missing, skipped or converted during the import. */
  notes: z.array(z.string()),
  /** Absent for data sets that were imported before there were reports. */
  report: ImportReportSchema.optional(),
})
export type Dataset = z.infer<typeof DatasetSchema>

export const FITS = ['cover', 'contain', 'stretch'] as const
export const COLOURS = ['rgb', 'grey'] as const
const side = ImageShapeSchema.shape.height

/** How image files become images of one shape; what is left out is taken from the files. */
export const ImageOptionsSchema = z.strictObject({
  /** Absent: the size that most files have. */
  size: z.strictObject({ height: side, width: side }).optional(),
  /** cover cuts the edges that are too long, contain adds black ones, stretch changes the proportions. */
  fit: z.enum(FITS).default('cover'),
  /** Absent: grey when every file is. */
  colour: z.enum(COLOURS).optional(),
  /** Part of each class that becomes the test part where the files have none. */
  testFraction: z.number().min(0).max(0.9).default(0),
})
export type ImageOptions = z.infer<typeof ImageOptionsSchema>

export const ImportDatasetSchema = z.strictObject({
  path: z.string().min(1),
  format: z.string().optional(),
  name: DatasetNameSchema.optional(),
  /** What is named as the origin, where the path leads to a copy that does not last. */
  source: z.string().min(1).max(1000).optional(),
  /** For formats of image files; the others keep the shape that they have. */
  images: ImageOptionsSchema.optional(),
})
export type ImportDataset = z.infer<typeof ImportDatasetSchema>

/** What an import will take, before it is begun. */
export const ImportEstimateSchema = z.strictObject({
  /** null where only unpacking an archive tells. */
  format: z.string().nullable(),
  name: z.string().nullable(),
  /** Bytes of the stored data set, about; null where only unpacking an archive tells. */
  storedBytes: z.int().min(0).nullable(),
  /** Bytes that an archive takes meanwhile. */
  temporaryBytes: z.int().min(0),
  /** Bytes that are left on the disk of the data sets. */
  freeBytes: z.int().min(0),
  enough: z.boolean(),
})
export type ImportEstimate = z.infer<typeof ImportEstimateSchema>

/** A data set of points in the plane that is drawn by a seed. */
export const MakeDatasetSchema = z.strictObject({
  name: DatasetNameSchema,
  /** One of `problems`; spirals is two-spirals. */
  kind: z.string().min(1),
  seed: z.int().min(0).default(1),
  /** To train on, all classes together; half as many are drawn to test with. Absent: as many as the problem has by itself. */
  points: z.int().min(10).max(10_000_000).optional(),
  /** Deviation of the normal noise on both coordinates. Absent: the problem's own. */
  noise: z.number().min(0).max(10).optional(),
})
export type MakeDataset = z.infer<typeof MakeDatasetSchema>

/** A kind of points that can be drawn. */
export interface PointKind {
  kind: string
  source: string
  classes: number
  points: number
  noise: number
}
