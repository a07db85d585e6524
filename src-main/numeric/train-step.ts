import { add, addN, mul, sqrt, square, sum, tidy, minimum, div, type Tensor } from '@tensorflow/tfjs-core'
import type { RunConfig } from '../contract/config.js'
import { lossAndGradients, type Batch } from './loss-and-gradients.js'
import type { Network } from './network.js'
import { findOptimizer } from './optimizers.js'
import { regularizers } from './regularizers.js'
import type { TrainingState } from './state.js'
import { pick, release, type Named } from './tensors.js'
import { valueAndVjp } from './vjp.js'

export type StepConfig = Pick<
  RunConfig,
  'mode' | 'weightDecay' | 'smoothness' | 'smoothnessForm' | 'h' | 'optimizer' | 'momentum' | 'labelSmoothing' | 'clipNorm' | 'frozenStages'
> & { anchorEvery: number; keptUnits?: readonly number[] }

/** Scalars of one step; the caller owns them. */
export interface StepResult {
  /** Mean cross-entropy of the batch before the update, nats. */
  crossEntropy: Tensor
  /** With penalties. */
  total: Tensor
  /** Global norm of the gradient with penalties, before clipping. */
  gradientNorm: Tensor
  logits: Tensor
  /** Of the total loss; freed by `trainStep`. */
  gradients: Named
}

/** Loss, penalties and the gradient of their sum. The caller owns every tensor. */
export function objective(network: Network, state: TrainingState, batch: Batch, config: StepConfig): StepResult & { statistics: Named } {
  const { logits, crossEntropy, gradients, statistics } = lossAndGradients(
    { network, params: state.params, statistics: state.statistics },
    batch,
    config,
  )
  const values: Tensor[] = []
  for (const regularizer of regularizers) {
    const names = regularizer.reads(network, config)
    if (names.length === 0) continue
    const { value, gradients: pulled } = valueAndVjp(
      () => regularizer.penalty(network, state.params, config) as Tensor,
      pick(state.params, names),
    )
    values.push(value)
    names.forEach((name, at) => {
      const [loss, penalty] = [gradients[name]!, pulled[at]!]
      gradients[name] = add(loss, penalty)
      release([loss, penalty])
    })
  }
  const total = tidy(() => addN([crossEntropy, ...values]))
  release(values)
  return { logits, crossEntropy, total, gradientNorm: globalNorm(Object.values(gradients)), gradients, statistics }
}

const globalNorm = (gradients: Tensor[]): Tensor => tidy(() => sqrt(addN(gradients.map((gradient) => sum(square(gradient))))))

/** What changes from step to step besides the batch; scalar tensors, so that schedules need no new graph. */
export interface StepInputs {
  learningRate: Tensor
  /** Number of this update, from 1. */
  update: Tensor
}

/**
 * One update of the state, in place: parameters, slots and running statistics are replaced one at a time, so that never more
 * than one of them exists twice.
 */
export function trainStep(
  network: Network,
  state: TrainingState,
  batch: Batch,
  config: StepConfig,
  { learningRate, update }: StepInputs,
): Omit<StepResult, 'gradients'> {
  const { gradients, statistics, ...result } = objective(network, state, batch, config)
  const optimizer = findOptimizer(config.optimizer)
  const clip = config.clipNorm > 0 ? tidy(() => minimum(1, div(config.clipNorm, result.gradientNorm))) : null
  for (const { name, inStage } of network.parameters) {
    const gradient = gradients[name]!
    if (!(config.frozenStages && inStage)) {
      const slots = optimizer.slots.map((slot) => `${slot}/${name}`)
      const old = [state.params[name]!, ...pick(state.slots, slots)]
      const [weight, ...moved] = tidy(() => {
        const clipped = clip ? mul(gradient, clip) : gradient
        const next = optimizer.update(state.params[name]!, clipped, pick(state.slots, slots), {
          learningRate,
          momentum: config.momentum,
          update,
        })
        return [next.weight, ...next.slots]
      })
      release(old, [weight, ...moved])
      state.params[name] = weight!
      slots.forEach((slot, at) => (state.slots[slot] = moved[at]!))
    }
    release([gradient])
  }
  for (const [name, moved] of Object.entries(statistics)) {
    release([state.statistics[name]])
    state.statistics[name] = moved
  }
  release([clip])
  state.step += 1
  return result
}
