import { z } from 'zod'
import { FITS } from './datasets.js'
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

/** What the weights of a checkpoint take an image for. */
export const PredictionSchema = z.strictObject({
  /** Updates that the weights have had. */
  step: z.int().min(0),
  dataset: z.string(),
  /** With the probability of each, in the order of the data set. */
  classes: z.array(z.strictObject({ name: z.string(), probability: z.number() })).min(1),
  /** The image as the network sees it before it is normalised: uint8 [height, width, channels] in base64. */
  seen: z.strictObject({ height: z.int(), width: z.int(), channels: z.int(), pixels: z.string() }),
  /** What was done to the file, in sentences. */
  changes: z.array(z.string()),
})
export type Prediction = z.infer<typeof PredictionSchema>

/** The classes by their probability, the most probable first. */
export const topClasses = ({ classes }: Pick<Prediction, 'classes'>, count: number): Prediction['classes'] =>
  [...classes].sort((a, b) => b.probability - a.probability).slice(0, count)

/** Of a tool: absolute paths of a checkpoint, of the folder of its data set, and of an image. */
export const PredictRequestSchema = z.strictObject({
  checkpoint: z.string(),
  datasetFolder: z.string(),
  /** Of the content that the weights were trained on; null where it is not known. */
  datasetHash: z.string().nullable(),
  image: z.string(),
  /** What messages call the image. */
  name: z.string(),
  fit: FitSchema,
})
export type PredictRequest = z.infer<typeof PredictRequestSchema>
