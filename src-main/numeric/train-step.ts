import { add, addN, mul, sqrt, square, stack, sum, tidy, minimum, div, unstack, type Tensor } from '@tensorflow/tfjs-core'
import { lossAndGradients, type Batch } from './loss-and-gradients.js'
import { isFrozen, type Network, type ParameterGroup } from './network.js'
import { findOptimizer } from './optimizers.js'
import { regularizers } from './regularizers.js'
import { decays } from './regularizers/weight-decay.js'
import type { TrainingState } from './state.js'
import { measureBatch, measureUpdate, type StepMeasure } from './step-metrics.js'
import type { GroupGradient, StepConfig, StepResult } from './step-results.js'
import { pick, release, replace, type Named } from './tensors.js'
import { valueAndVjp } from './vjp.js'

export type { GroupGradient, StepConfig, StepResult } from './step-results.js'

/** Loss, penalties and the gradient of their sum. The caller owns every tensor. */
export function objective(network: Network, state: TrainingState, batch: Batch, config: StepConfig): StepResult & { statistics: Named } {
  const { logits, crossEntropy, gradients, statistics } = lossAndGradients(
    { network, params: state.params, statistics: state.statistics },
    batch,
    config,
  )
  const take = (group: ParameterGroup): Tensor => {
    const ofLoss = stackOf(gradients, group)
    release(pick(gradients, group.names))
    return ofLoss
  }
  return { logits, crossEntropy, ...withPenalties(network, state, crossEntropy, config, take), statistics }
}

/**
 * The loss with penalties and its gradient, given a loss and its gradient. The caller owns every tensor.
 * @param take returns the gradient of the loss for a group, as a stack, which is freed
 */
export function withPenalties(
  network: Network,
  state: TrainingState,
  crossEntropy: Tensor,
  config: StepConfig,
  take: (group: ParameterGroup) => Tensor,
): Pick<StepResult, 'total' | 'gradientNorm' | 'gradients'> {
  const penalties: Tensor[] = []
  const grouped = network.groups.map((group): GroupGradient => {
    const ofLoss = take(group)
    const active = regularizers.filter((regularizer) => regularizer.reads(group, config))
    if (active.length === 0) return { group, gradient: ofLoss }
    const weights = stackOf(state.params, group)
    const { value, gradients: pulled } = valueAndVjp(() => addN(active.map(({ penalty }) => penalty(weights, config))), [weights])
    penalties.push(value)
    const gradient = tidy(() => add(ofLoss, pulled[0]!))
    release([ofLoss, weights, ...pulled])
    return { group, gradient }
  })
  const total = tidy(() => addN([crossEntropy, ...penalties]))
  release(penalties)
  return { total, gradientNorm: globalNorm(grouped), gradients: grouped }
}

/** The gradients by parameter, as separate tensors; those of the groups are freed. */
export function gradientsByName(grouped: readonly GroupGradient[]): Named {
  const named = tidy(
    () =>
      Object.fromEntries(grouped.flatMap(({ group, gradient }) => unstack(gradient).map((part, at) => [group.names[at]!, part]))) as Named,
  )
  release(grouped.map(({ gradient }) => gradient))
  return named
}

/** The tensors of a group as a stack [units, ...shape]. */
export const stackOf = (named: Named, { names }: ParameterGroup): Tensor => tidy(() => stack(pick(named, names)))

const globalNorm = (grouped: GroupGradient[]): Tensor => tidy(() => sqrt(addN(grouped.map(({ gradient }) => sum(square(gradient))))))

/** The inputs of a step besides the batch; scalar tensors, so that schedules need no new graph. */
export interface StepInputs {
  learningRate: Tensor
  /** Number of this update, counted from 1. */
  update: Tensor
}

/** The results of a step besides the loss: step metrics by key, scalars. */
export interface Measured {
  measured: Named
}

/**
 * One update of the state, in place: parameters, slots and running statistics are replaced one group at a time, so that at most one group
 * exists twice.
 * @param measures the step metrics to compute along the way
 */
export function trainStep(
  network: Network,
  state: TrainingState,
  batch: Batch,
  config: StepConfig,
  inputs: StepInputs,
  measures: readonly StepMeasure[] = [],
): Omit<StepResult, 'gradients'> & Measured {
  const { gradients, statistics, ...result } = objective(network, state, batch, config)
  const measured = {
    ...measureBatch(measures, { ...result, labels: batch.labels }),
    ...measureUpdate(measures, { ...result, network, params: state.params, gradients, config }),
  }
  updateParameters(state, gradients, result.gradientNorm, config, inputs)
  moveStatistics(state, statistics)
  state.step += 1
  return { ...result, measured }
}

/** Clips the gradients, which are freed, and has the optimizer replace parameters and slots. */
export function updateParameters(
  state: TrainingState,
  gradients: readonly GroupGradient[],
  gradientNorm: Tensor,
  config: StepConfig,
  { learningRate, update }: StepInputs,
): void {
  const optimizer = findOptimizer(config.optimizer)
  const clip = config.clipNorm > 0 ? tidy(() => minimum(1, div(config.clipNorm, gradientNorm))) : null
  for (const { group, gradient } of gradients) {
    if (!isFrozen({ config }, group)) {
      const [weights, ...slots] = tidy(() => {
        const clipped = clip ? mul(gradient, clip) : gradient
        const held = optimizer.slots.map((slot) => stack(group.names.map((name) => state.slots[`${slot}/${name}`]!)))
        const weightDecay = optimizer.decouplesDecay && decays(group) ? config.weightDecay : 0
        const options = { learningRate, momentum: config.momentum, weightDecay, update }
        const next = optimizer.update(stack(pick(state.params, group.names)), clipped, held, options)
        return [unstack(next.weight), ...next.slots.map((slot) => unstack(slot))] as unknown as Tensor[]
      }) as unknown as Tensor[][]
      group.names.forEach((name, at) => {
        replace(state.params, name, weights![at]!)
        optimizer.slots.forEach((slot, index) => replace(state.slots, `${slot}/${name}`, slots[index]![at]!))
      })
    }
    release([gradient])
  }
  release([clip])
}

/** Replaces the running statistics by those updated with a batch. */
export function moveStatistics(state: TrainingState, statistics: Named): void {
  for (const [name, moved] of Object.entries(statistics)) replace(state.statistics, name, moved)
}
