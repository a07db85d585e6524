import { add, clone, div, tidy, type Tensor } from '@tensorflow/tfjs-core'
import { STEP_METRICS } from '../contract/metrics.js'
import type { Network } from './network.js'
import type { GroupGradient, StepConfig } from './step-results.js'
import { release, replace, type Named } from './tensors.js'

/** One pass of a step: the whole batch or, with gradient accumulation, one micro-batch. */
export interface BatchResults {
  /** [images, classes] */
  logits: Tensor
  /** [images] int32 */
  labels: Tensor
  /** Mean over the images, nats. */
  crossEntropy: Tensor
}

/** A step immediately before its update. */
export interface UpdateResults {
  network: Network
  /** Parameters by name, as the gradient was computed with them. */
  params: Named
  /** Mean over the batch, nats. */
  crossEntropy: Tensor
  /** The loss with penalties. */
  total: Tensor
  /** Global norm of the gradient with penalties, before clipping. */
  gradientNorm: Tensor
  /** Gradients of the total loss by group, before clipping. */
  gradients: readonly GroupGradient[]
  config: StepConfig
}

/**
 * How a scalar of `STEP_METRICS` is computed, from tensors that are only read; eager and compiled steps run the same function. One of a
 * batch is averaged over the micro-batches of a step. Every file in step-metrics/ is registered automatically.
 */
export type StepMeasure = { key: string } & ({ ofBatch(batch: BatchResults): Tensor } | { ofUpdate(update: UpdateResults): Tensor })
type BatchMeasure = Extract<StepMeasure, { ofBatch: unknown }>

const registered = new Map<string, StepMeasure>()

/** Adds a measure. @throws Error when its key is taken */
export function registerStepMeasure(measure: StepMeasure): void {
  if (registered.has(measure.key)) throw new Error(`there are two measures of ${measure.key}`)
  registered.set(measure.key, measure)
}

for (const measure of Object.values(import.meta.glob<StepMeasure>('./step-metrics/*.ts', { eager: true, import: 'measure' })))
  registerStepMeasure(measure)
for (const { key } of STEP_METRICS) if (!registered.has(key)) throw new Error(`nothing in numeric/step-metrics measures ${key}`)

/** The measures of all step metrics. */
export const stepMeasures = (): StepMeasure[] => [...registered.values()]

/** The measures computed on each micro-batch. */
export const batchMeasures = (measures: readonly StepMeasure[]): BatchMeasure[] =>
  measures.filter((measure): measure is BatchMeasure => 'ofBatch' in measure)

/** Scalars of one pass, by key; the caller owns them. */
export const measureBatch = (measures: readonly StepMeasure[], batch: BatchResults): Named =>
  Object.fromEntries(batchMeasures(measures).map(({ key, ofBatch }) => [key, tidy(() => clone(ofBatch(batch)))]))

/** Scalars of the update, by key; the caller owns them. */
export const measureUpdate = (measures: readonly StepMeasure[], update: UpdateResults): Named =>
  Object.fromEntries(
    measures.flatMap((measure) => ('ofUpdate' in measure ? [[measure.key, tidy(() => clone(measure.ofUpdate(update)))]] : [])),
  )

/** Adds the scalars of one pass, which are freed, to their sums, in place. */
export function addMeasured(sums: Named, measured: Named): void {
  for (const [key, value] of Object.entries(measured))
    replace(
      sums,
      key,
      tidy(() => add(sums[key]!, value)),
    )
  release(Object.values(measured))
}

/** Means of sums over passes. The caller owns the tensors. */
export const meanMeasured = (sums: Named, passes: number): Named =>
  Object.fromEntries(Object.entries(sums).map(([key, sum]) => [key, tidy(() => div(sum, passes))]))
