import { add, div, scalar, tidy, unstack, zeros, type Tensor } from '@tensorflow/tfjs-core'
import { lossAndGradients, type Batch } from './loss-and-gradients.js'
import type { Network } from './network.js'
import type { TrainingState } from './state.js'
import { addMeasured, batchMeasures, meanMeasured, measureBatch, measureUpdate, type StepMeasure } from './step-metrics.js'
import { pick, release, replace, type Named } from './tensors.js'
import {
  moveStatistics,
  stackOf,
  updateParameters,
  withPenalties,
  type Measured,
  type StepConfig,
  type StepInputs,
  type StepResult,
} from './train-step.js'

/** Sums over the micro-batches of one step. Steps are never interrupted, so these are not part of the state or of checkpoints. */
export interface GradientSums {
  /** Scalar: sum of the mean losses of the micro-batches, nats. */
  crossEntropy: Tensor
  /** Gradients of the cross-entropy by parameter. */
  gradients: Named
  /** Step metrics measured on each micro-batch, by key. */
  measured: Named
}

/** The sums at the start of a step. The caller owns the tensors. */
export function zeroSums({ groups }: Network, measures: readonly StepMeasure[] = []): GradientSums {
  const gradients: Named = {}
  for (const { names, shape } of groups)
    tidy(() => unstack(zeros([names.length, ...shape]))).forEach((zero, at) => (gradients[names[at]!] = zero))
  const measured = Object.fromEntries(batchMeasures(measures).map(({ key }) => [key, scalar(0)]))
  return { crossEntropy: scalar(0), gradients, measured }
}

export const sumTensors = ({ crossEntropy, gradients, measured }: GradientSums): Tensor[] => [
  crossEntropy,
  ...Object.values(gradients),
  ...Object.values(measured),
]

/**
 * Adds one micro-batch to the sums, in place, and updates the running statistics with those of the micro-batch; parameters and slots are
 * unchanged. Batch norms use the statistics of the micro-batch.
 * @param measures those for which the sums were created
 */
export function accumulateGradients(
  network: Network,
  state: TrainingState,
  sums: GradientSums,
  batch: Batch,
  config: StepConfig,
  measures: readonly StepMeasure[] = [],
): void {
  const pass = { network, params: state.params, statistics: state.statistics }
  const { logits, crossEntropy, gradients, statistics } = lossAndGradients(pass, batch, config)
  for (const group of network.groups) {
    const added = tidy(() => unstack(add(stackOf(sums.gradients, group), stackOf(gradients, group))))
    release(pick(gradients, group.names))
    group.names.forEach((name, at) => replace(sums.gradients, name, added[at]!))
  }
  addMeasured(sums.measured, measureBatch(measures, { logits, crossEntropy, labels: batch.labels }))
  const before = sums.crossEntropy
  sums.crossEntropy = tidy(() => add(before, crossEntropy))
  release([before, crossEntropy, logits])
  moveStatistics(state, statistics)
}

/**
 * The update of a step whose micro-batches have all been summed, which frees the sums: that of their mean, with the penalties added once.
 * @param config `accumulate` is the number of micro-batches, all of equal size
 * @param measures those for which the sums were created
 */
export function accumulatedStep(
  network: Network,
  state: TrainingState,
  sums: GradientSums,
  config: StepConfig & { accumulate: number },
  inputs: StepInputs,
  measures: readonly StepMeasure[] = [],
): Omit<StepResult, 'gradients' | 'logits'> & Measured {
  const mean = (sum: Tensor): Tensor => div(sum, config.accumulate)
  const crossEntropy = tidy(() => mean(sums.crossEntropy))
  const { gradients, ...scalars } = withPenalties(network, state, crossEntropy, config, (group) =>
    tidy(() => mean(stackOf(sums.gradients, group))),
  )
  const measured = {
    ...meanMeasured(sums.measured, config.accumulate),
    ...measureUpdate(measures, { ...scalars, network, params: state.params, crossEntropy, gradients, config }),
  }
  release(sumTensors(sums))
  updateParameters(state, gradients, scalars.gradientNorm, config, inputs)
  state.step += 1
  return { crossEntropy, ...scalars, measured }
}
