import { z } from 'zod'
import { DatasetNameSchema } from './datasets.js'

/** What the pages show of a stored data set, piece by piece: a window fetches only what is visible. */

export const PartSchema = z.enum(['train', 'test', 'unlabelled'])
export type DatasetPart = z.infer<typeof PartSchema>

/** Images of each class, by label; the unlabelled part has none. */
export interface ClassCounts {
  train: number[]
  test: number[]
}

export const ImagesRequestSchema = z.strictObject({
  name: DatasetNameSchema,
  part: PartSchema,
  /** Only those of one class; null: all. */
  label: z.int().min(0).nullable(),
  /** Place of the first one among them. */
  from: z.int().min(0),
  count: z.int().min(1).max(500),
  /** Longest side in pixels; larger images are shrunk by a whole number. */
  side: z.int().min(8).max(1024),
})
export type ImagesRequest = z.infer<typeof ImagesRequestSchema>

/** Images of one size; pixels are uint8 [n, height, width, channels] in base64. */
export interface Pixels {
  height: number
  width: number
  channels: number
  pixels: string
}

export interface ImagesPage extends Pixels {
  /** How many there are of that part and class. */
  total: number
  /** Place of each in its part. */
  indices: number[]
  /** null for the unlabelled part. */
  labels: (number | null)[]
}

/** Single images of a part by their places, in that order. */
export const ChosenRequestSchema = z.strictObject({
  name: DatasetNameSchema,
  part: PartSchema,
  indices: z.array(z.int().min(0)).min(1).max(200),
  /** Longest side in pixels; larger images are shrunk by a whole number. */
  side: z.int().min(8).max(1024),
})
export type ChosenRequest = z.infer<typeof ChosenRequestSchema>

export const PointsRequestSchema = z.strictObject({
  name: DatasetNameSchema,
  part: z.enum(['train', 'test']),
  limit: z.int().min(1).max(20_000),
})
export type PointsRequest = z.infer<typeof PointsRequestSchema>

/** The first points of a part, which are in random order. */
export interface PointsPage {
  total: number
  points: { x: number; y: number; label: number }[]
}

export const AugmentedRequestSchema = z.strictObject({
  name: DatasetNameSchema,
  part: PartSchema,
  index: z.int().min(0),
  pad: z.int().min(0).max(64),
  flip: z.boolean(),
  seed: z.int().min(0),
  count: z.int().min(1).max(64),
})
export type AugmentedRequest = z.infer<typeof AugmentedRequestSchema>

export const SplitRequestSchema = z.strictObject({
  name: DatasetNameSchema,
  seed: z.int().min(0),
  subset: z.number().gt(0).max(1),
  validation: z.number().min(0).lt(1),
})
export type SplitRequest = z.infer<typeof SplitRequestSchema>

/** How a run with this seed and these fractions divides the training images: numbers of each class, by label. */
export interface SplitCounts {
  train: number[]
  validation: number[]
}

/** The bytes of `Pixels`. @throws RangeError when they are not whole images of the stated size */
export function unpackPixels({ height, width, channels, pixels }: Pixels): Uint8Array<ArrayBuffer> {
  const binary = atob(pixels)
  const bytes = new Uint8Array(binary.length)
  for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i)
  if (bytes.length % (height * width * channels))
    throw new RangeError(`${bytes.length} bytes are no images of ${height}x${width}x${channels}`)
  return bytes
}
