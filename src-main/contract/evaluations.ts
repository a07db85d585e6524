import { z } from 'zod'
import { RunIdSchema, type Checkpoint } from './runs.js'

/** Maximum number of mistakes that an evaluation keeps, the most confident ones. */
export const KEPT_MISTAKES = 60

/** One misclassified test image or point. */
export const MistakeSchema = z.strictObject({
  /** Index in the test part of the data set. */
  index: z.int().min(0),
  label: z.int().min(0),
  predicted: z.int().min(0),
  /** Probability of the predicted class, 0 to 1. */
  confidence: z.number().min(0).max(1),
})
export type Mistake = z.infer<typeof MistakeSchema>

/** True class, predicted class and number of images. */
export const ConfusionCellSchema = z.tuple([z.int().min(0), z.int().min(0), z.int().min(1)])
export type ConfusionCell = z.infer<typeof ConfusionCellSchema>

/** Results of evaluating a network on all test images. */
export const TestFiguresSchema = z.strictObject({
  images: z.int().min(1),
  /** Fraction of correct predictions. */
  accuracy: z.number().min(0).max(1),
  /** Mean cross-entropy, nats. */
  loss: z.number().or(z.nan()),
  /** The nonzero cells, sorted by true and then by predicted class: with a thousand classes most cells are zero. */
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
  /** Content hash of the data set whose test part was used; null when unknown. */
  datasetHash: z.string().nullable(),
}

export const EvaluationSchema = z.strictObject({ ...about, ...TestFiguresSchema.shape })
export type Evaluation = z.infer<typeof EvaluationSchema>

/** An evaluation as lists show it. */
export const EvaluationSummarySchema = EvaluationSchema.omit({ confusion: true, mistakes: true })
export type EvaluationSummary = z.infer<typeof EvaluationSummarySchema>

export function summaryOf({ runId, file, step, at, datasetHash, images, accuracy, loss }: Evaluation): EvaluationSummary {
  return { runId, file, step, at, datasetHash, images, accuracy, loss }
}

/** Test results of a checkpoint; absent when they were not measured at its step. */
export interface CheckpointFigures {
  accuracy?: number | undefined
  loss?: number | undefined
  /** Whether they come from an evaluation on all test images rather than from one during the run. */
  full: boolean
}

/** Prefers an evaluation of the checkpoint to the one that the run made at that step, which may have used fewer images. */
export function figuresOf({ metrics }: Pick<Checkpoint, 'metrics'>, evaluation: EvaluationSummary | undefined): CheckpointFigures {
  if (evaluation) return { accuracy: evaluation.accuracy, loss: evaluation.loss, full: true }
  return { accuracy: metrics['test/accuracy'], loss: metrics['test/loss'], full: false }
}

/** The id of the task that evaluates a checkpoint. It is derived, so that a window that opens later finds the task. */
export const evaluationTask = (runId: string, file: string): string => `evaluate/${runId}/${file}`

/** One parameter of a network, as charts over depth need it. */
export interface LayerNorm {
  /** Name in the file, without `params/`. */
  name: string
  /** Name within its unit: kernel1, bias, bnMid1/gamma, ...; outside the stages the whole name. */
  role: string
  /** Counted from 1; null outside the stages. */
  stage: number | null
  unit: number | null
  shape: number[]
  /** Frobenius norm: the square root of the sum of squares. */
  norm: number
  /** Frobenius norm of the difference to the same parameter of the next unit in the stage; null when there is none of the same shape. */
  change: number | null
}

/** Norms of a checkpoint's weights by layer, in network order. */
export interface WeightNorms {
  step: number
  file: string
  layers: LayerNorm[]
}
