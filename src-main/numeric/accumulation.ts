import { add, div, scalar, tidy, unstack, zeros, type Tensor } from '@tensorflow/tfjs-core'
import { lossAndGradients, type Batch } from './loss-and-gradients.js'
import type { Network } from './network.js'
import type { TrainingState } from './state.js'
import { pick, release, replace, type Named } from './tensors.js'
import {
  moveStatistics,
  stackOf,
  updateParameters,
  withPenalties,
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
}

/** The sums at the start of a step. The caller owns the tensors. */
export function zeroSums({ groups }: Network): GradientSums {
  const gradients: Named = {}
  for (const { names, shape } of groups)
    tidy(() => unstack(zeros([names.length, ...shape]))).forEach((zero, at) => (gradients[names[at]!] = zero))
  return { crossEntropy: scalar(0), gradients }
}

export const sumTensors = ({ crossEntropy, gradients }: GradientSums): Tensor[] => [crossEntropy, ...Object.values(gradients)]

/**
 * Adds one micro-batch to the sums, in place, and moves the running statistics by its own; parameters and slots stay. Batch norms
 * normalise by the statistics of the micro-batch.
 */
export function accumulateGradients(network: Network, state: TrainingState, sums: GradientSums, batch: Batch, config: StepConfig): void {
  const pass = { network, params: state.params, statistics: state.statistics }
  const { logits, crossEntropy, gradients, statistics } = lossAndGradients(pass, batch, config)
  for (const group of network.groups) {
    const added = tidy(() => unstack(add(stackOf(sums.gradients, group), stackOf(gradients, group))))
    release(pick(gradients, group.names))
    group.names.forEach((name, at) => replace(sums.gradients, name, added[at]!))
  }
  const before = sums.crossEntropy
  sums.crossEntropy = tidy(() => add(before, crossEntropy))
  release([before, crossEntropy, logits])
  moveStatistics(state, statistics)
}

/**
 * The update of a step whose micro-batches are all in the sums, which it frees: that of the mean over them, with the penalties once.
 * @param config `accumulate` says how many there are, all of one size
 */
export function accumulatedStep(
  network: Network,
  state: TrainingState,
  sums: GradientSums,
  config: StepConfig & { accumulate: number },
  inputs: StepInputs,
): Omit<StepResult, 'gradients' | 'logits'> {
  const mean = (sum: Tensor): Tensor => div(sum, config.accumulate)
  const crossEntropy = tidy(() => mean(sums.crossEntropy))
  const { gradients, ...scalars } = withPenalties(network, state, crossEntropy, config, (group) =>
    tidy(() => mean(stackOf(sums.gradients, group))),
  )
  release(sumTensors(sums))
  updateParameters(state, gradients, scalars.gradientNorm, config, inputs)
  state.step += 1
  return { crossEntropy, ...scalars }
}
