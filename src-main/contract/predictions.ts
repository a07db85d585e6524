import { z } from 'zod'
import { Base64Schema } from './base64.js'
import { FITS } from './datasets.js'
import { LabTargetSchema } from './lab.js'
import { RunIdSchema } from './runs.js'

/** How an image of another shape is fitted to that of the data set. */
export const FitSchema = z.enum(FITS)
export type Fit = z.infer<typeof FitSchema>

/** Maximum number of base64 characters of an image that is sent: 2.6 MB of file, within the size limit of a window's messages. */
export const MOST_SENT = 3_500_000

/** An image file: a path on the machine of the home, or its bytes in base64. */
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
  /** With this id, the caller follows and cancels the task. */
  taskId: z.string().max(64),
})
export type Predict = z.infer<typeof PredictSchema>

/** An image fitted to the shape of a data set's images. */
export const FittedImageSchema = z.strictObject({
  /** The network's input before normalisation: uint8 [height, width, channels] in base64. */
  seen: z.strictObject({ height: z.int(), width: z.int(), channels: z.int(), pixels: Base64Schema }),
  /** The changes made to the image, in sentences. */
  changes: z.array(z.string()),
})
export type FittedImage = z.infer<typeof FittedImageSchema>

/** Fits an image to the data set of a network. */
export const FitImageSchema = z.strictObject({ target: LabTargetSchema, image: GivenImageSchema, fit: FitSchema.default('cover') })
export type FitImage = z.infer<typeof FitImageSchema>

/** The prediction of a checkpoint for an image. */
export const PredictionSchema = FittedImageSchema.extend({
  /** Number of updates that the weights have had. */
  step: z.int().min(0),
  dataset: z.string(),
  /** The probability of each class, in the order of the data set. */
  classes: z.array(z.strictObject({ name: z.string(), probability: z.number() })).min(1),
})
export type Prediction = z.infer<typeof PredictionSchema>

/** The most probable classes, in descending order. */
export const topClasses = ({ classes }: Pick<Prediction, 'classes'>, count: number): Prediction['classes'] =>
  [...classes].sort((a, b) => b.probability - a.probability).slice(0, count)

/** Request of a tool: absolute paths of the folder of a data set and of an image. */
export const FitImageRequestSchema = z.strictObject({
  datasetFolder: z.string(),
  image: z.string(),
  /** The name of the image in messages. */
  name: z.string(),
  fit: FitSchema,
})
export type FitImageRequest = z.infer<typeof FitImageRequestSchema>

/** Request of a tool: additionally the absolute path of a checkpoint. */
export const PredictRequestSchema = FitImageRequestSchema.extend({
  checkpoint: z.string(),
  /** Hash of the data that the weights were trained on; null if unknown. */
  datasetHash: z.string().nullable(),
})
export type PredictRequest = z.infer<typeof PredictRequestSchema>
