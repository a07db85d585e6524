import { z } from 'zod'
import { Base64Schema } from './base64.js'
import { FITS } from './datasets.js'
import { LabTargetSchema } from './lab.js'
import { RunIdSchema } from './runs.js'

/** How an image of another shape becomes one of the data set's. */
export const FitSchema = z.enum(FITS)
export type Fit = z.infer<typeof FitSchema>

/** Characters of base64 in which an image is sent: 2.6 MB of file, within what one message of a window may have. */
export const MOST_SENT = 3_500_000

/** An image file: on the machine that holds the home, or its bytes in base64. */
export const GivenImageSchema = z.union([
  z.strictObject({ path: z.string().min(1).max(4096) }),
  z.strictObject({ bytes: z.string().min(1).max(MOST_SENT) }),
])
export type GivenImage = z.infer<typeof GivenImageSchema>

export const PredictSchema = z.strictObject({
  id: RunIdSchema,
  /** Step of the checkpoint; the last one by default. */
  step: z.int().min(0).optional(),
  image: GivenImageSchema,
  fit: FitSchema.default('cover'),
  /** By which the caller follows and cancels it. */
  taskId: z.string().max(64),
})
export type Predict = z.infer<typeof PredictSchema>

/** An image that was brought into the shape of the images of a data set. */
export const FittedImageSchema = z.strictObject({
  /** As a network sees it before it is normalised: uint8 [height, width, channels] in base64. */
  seen: z.strictObject({ height: z.int(), width: z.int(), channels: z.int(), pixels: Base64Schema }),
  /** What was done to the file, in sentences. */
  changes: z.array(z.string()),
})
export type FittedImage = z.infer<typeof FittedImageSchema>

/** An image for the data set of a network. */
export const FitImageSchema = z.strictObject({ target: LabTargetSchema, image: GivenImageSchema, fit: FitSchema.default('cover') })
export type FitImage = z.infer<typeof FitImageSchema>

/** What the weights of a checkpoint take an image for. */
export const PredictionSchema = FittedImageSchema.extend({
  /** Updates that the weights have had. */
  step: z.int().min(0),
  dataset: z.string(),
  /** With the probability of each, in the order of the data set. */
  classes: z.array(z.strictObject({ name: z.string(), probability: z.number() })).min(1),
})
export type Prediction = z.infer<typeof PredictionSchema>

/** The classes by their probability, the most probable first. */
export const topClasses = ({ classes }: Pick<Prediction, 'classes'>, count: number): Prediction['classes'] =>
  [...classes].sort((a, b) => b.probability - a.probability).slice(0, count)

/** Of a tool: absolute paths of the folder of a data set and of an image. */
export const FitImageRequestSchema = z.strictObject({
  datasetFolder: z.string(),
  image: z.string(),
  /** What messages call the image. */
  name: z.string(),
  fit: FitSchema,
})
export type FitImageRequest = z.infer<typeof FitImageRequestSchema>

/** Of a tool: also the absolute path of a checkpoint. */
export const PredictRequestSchema = FitImageRequestSchema.extend({
  checkpoint: z.string(),
  /** Of the content that the weights were trained on; null where it is not known. */
  datasetHash: z.string().nullable(),
})
export type PredictRequest = z.infer<typeof PredictRequestSchema>
