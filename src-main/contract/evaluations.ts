import { z } from 'zod'
import { RunIdSchema } from './runs.js'

/** Mistakes that are kept of an evaluation: those that the network was most sure of. */
export const KEPT_MISTAKES = 60

/** One test image, or point, that was taken for another class. */
export const MistakeSchema = z.strictObject({
  /** Place in the test part of the data set. */
  index: z.int().min(0),
  label: z.int().min(0),
  predicted: z.int().min(0),
  /** Probability that the network gave the predicted class, 0 to 1. */
  confidence: z.number().min(0).max(1),
})
export type Mistake = z.infer<typeof MistakeSchema>

/** True class, predicted class, and how many images. */
export const ConfusionCellSchema = z.tuple([z.int().min(0), z.int().min(0), z.int().min(1)])
export type ConfusionCell = z.infer<typeof ConfusionCellSchema>

/** What came of showing a network every test image. */
export const TestFiguresSchema = z.strictObject({
  images: z.int().min(1),
  /** Fraction of right predictions. */
  accuracy: z.number().min(0).max(1),
  /** Mean cross-entropy, nats. */
  loss: z.number().or(z.nan()),
  /** The cells that are not zero, by true and then by predicted class: with a thousand classes most are. */
  confusion: z.array(ConfusionCellSchema).max(10_000_000),
  /** The most confident first. */
  mistakes: z.array(MistakeSchema).max(KEPT_MISTAKES),
})
export type TestFigures = z.infer<typeof TestFiguresSchema>

const about = {
  runId: RunIdSchema,
  /** Of the checkpoint whose weights were evaluated; it may have been deleted since. */
  file: z.string().min(1).max(200),
  step: z.int().min(0),
  /** Milliseconds since 1970. */
  at: z.number(),
  /** Of the data set whose test part was used; null where it is not known. */
  datasetHash: z.string().nullable(),
}

export const EvaluationSchema = z.strictObject({ ...about, ...TestFiguresSchema.shape })
export type Evaluation = z.infer<typeof EvaluationSchema>

/** What a list of evaluations shows. */
export const EvaluationSummarySchema = EvaluationSchema.omit({ confusion: true, mistakes: true })
export type EvaluationSummary = z.infer<typeof EvaluationSummarySchema>

export function summaryOf({ runId, file, step, at, datasetHash, images, accuracy, loss }: Evaluation): EvaluationSummary {
  return { runId, file, step, at, datasetHash, images, accuracy, loss }
}

/** The id of the task that evaluates a checkpoint: a window that opens later finds it. */
export const evaluationTask = (runId: string, file: string): string => `evaluate/${runId}/${file}`

/** Part of one network, as a chart over its depth needs it. */
export interface LayerNorm {
  /** Name in the file, without `params/`. */
  name: string
  /** What it is within its unit: kernel1, bias, bnMid1/gamma, ...; outside the stages its whole name. */
  role: string
  /** From 1; null outside the stages. */
  stage: number | null
  unit: number | null
  shape: number[]
  /** Frobenius norm: the root of the sum of squares. */
  norm: number
  /** Frobenius norm of the difference to the same part of the next unit of the stage; null where there is none of its shape. */
  change: number | null
}

/** The weights of a checkpoint by layer, in the order of the network. */
export interface WeightNorms {
  step: number
  file: string
  layers: LayerNorm[]
}
