import { add, addN, mul, sqrt, square, stack, sum, tidy, minimum, div, unstack, type Tensor } from '@tensorflow/tfjs-core'
import type { RunConfig } from '../contract/config.js'
import { lossAndGradients, type Batch } from './loss-and-gradients.js'
import type { Network, ParameterGroup } from './network.js'
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
  /** Of the total loss, by group; freed by `trainStep`. */
  gradients: GroupGradient[]
}

/** The gradient for a group of parameters, as a stack [units, ...shape]. */
export interface GroupGradient {
  group: ParameterGroup
  gradient: Tensor
}

/** Loss, penalties and the gradient of their sum. The caller owns every tensor. */
export function objective(network: Network, state: TrainingState, batch: Batch, config: StepConfig): StepResult & { statistics: Named } {
  const { logits, crossEntropy, gradients, statistics } = lossAndGradients(
    { network, params: state.params, statistics: state.statistics },
    batch,
    config,
  )
  const penalties: Tensor[] = []
  const grouped = network.groups.map((group): GroupGradient => {
    const ofLoss = stackOf(gradients, group)
    release(pick(gradients, group.names))
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
  return { logits, crossEntropy, total, gradientNorm: globalNorm(grouped), gradients: grouped, statistics }
}

/** Gradients one by one, of their own; those of the groups are freed. */
export function gradientsByName(grouped: readonly GroupGradient[]): Named {
  const named = tidy(
    () =>
      Object.fromEntries(grouped.flatMap(({ group, gradient }) => unstack(gradient).map((part, at) => [group.names[at]!, part]))) as Named,
  )
  release(grouped.map(({ gradient }) => gradient))
  return named
}

const stackOf = (named: Named, { names }: ParameterGroup): Tensor => tidy(() => stack(pick(named, names)))

const globalNorm = (grouped: GroupGradient[]): Tensor => tidy(() => sqrt(addN(grouped.map(({ gradient }) => sum(square(gradient))))))

/** What changes from step to step besides the batch; scalar tensors, so that schedules need no new graph. */
export interface StepInputs {
  learningRate: Tensor
  /** Number of this update, from 1. */
  update: Tensor
}

/**
 * One update of the state, in place: parameters, slots and running statistics are replaced a group at a time, so that never more
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
  for (const { group, gradient } of gradients) {
    if (!(config.frozenStages && group.inStage)) {
      const [weights, ...slots] = tidy(() => {
        const clipped = clip ? mul(gradient, clip) : gradient
        const held = optimizer.slots.map((slot) => stack(group.names.map((name) => state.slots[`${slot}/${name}`]!)))
        const options = { learningRate, momentum: config.momentum, update }
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
  for (const [name, moved] of Object.entries(statistics)) {
    replace(state.statistics, name, moved)
  }
  release([clip])
  state.step += 1
  return result
}

function replace(named: Named, name: string, value: Tensor): void {
  release([named[name]])
  named[name] = value
}
