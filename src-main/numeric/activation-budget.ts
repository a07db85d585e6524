import type { ActivationDial } from '../contract/catalogue.js'
import { rebuildsActivations } from '../contract/config.js'
import { microBatch, type BatchConfig } from '../contract/micro-batch.js'
import { activationBytes, stateBytes } from './describe.js'
import { hasNormsInUnits, parameterCount, type Network } from './network.js'

/** Which units keep their activations: for each stage, the number of first units that do. */
export interface ActivationPlan {
  keptUnits: number[]
  /** Estimated bytes that they hold. */
  bytes: number
  /** Fraction of the reconstructible units that are kept: 0 means constant memory, 1 the speed of stored backpropagation. */
  share: number
}

/**
 * Bytes that one unit of each stage holds when its activations are kept: for each force its input state and the output of its
 * activation; for a branch with batch norms the arrays before and after each norm.
 */
export function keptBytesAUnit(network: Network, batch: number): number[] {
  const { dynamics, stages } = network
  const arrays = hasNormsInUnits(network) ? 4 : 2
  return stateBytes(network, batch).map((bytes, index) => {
    const { substeps } = stages[index]!
    const forces = substeps.filter(({ gain }) => gain !== 0).length / Math.max(1, new Set(substeps.map(({ unit }) => unit)).size)
    return (forces * arrays * bytes) / dynamics.channelMultiple
  })
}

/**
 * Allocates a budget of bytes to kept activations, later stages first: their states are smaller but take as long to reconstruct.
 * The first units of a stage are kept, so that the states before them are never needed again.
 */
export function planActivations(network: Network, batch: number, budget: number): ActivationPlan {
  const costs = keptBytesAUnit(network, batch)
  const keptUnits = network.stages.map(() => 0)
  let left = budget
  let all = 0
  for (let index = network.stages.length - 1; index >= 0; index--) {
    const { units, entrance } = network.stages[index]!
    const rebuilt = units - (entrance ? 1 : 0)
    all += rebuilt
    keptUnits[index] = Math.max(0, Math.min(rebuilt, Math.floor(left / costs[index]!)))
    left -= keptUnits[index]! * costs[index]!
  }
  const kept = keptUnits.reduce((sum, units) => sum + units, 0)
  return { keptUnits, bytes: keptUnits.reduce((sum, units, index) => sum + units * costs[index]!, 0), share: all === 0 ? 1 : kept / all }
}

/** Position of a budget between constant memory and the speed of stored backpropagation, shown before a run starts. */
export function activationDial(network: Network, batch: number, budget: number): ActivationDial {
  const units = ({ keptUnits }: ActivationPlan): number => keptUnits.reduce((sum, kept) => sum + kept, 0)
  const chosen = planActivations(network, batch, budget)
  const whole = planActivations(network, batch, Infinity)
  return { units: units(whole), kept: units(chosen), bytes: chosen.bytes, allBytes: whole.bytes, budget }
}

/** Copies of a parameter in memory: itself, its slot, gradient and update, and what a step derives from kernels; gradient sums are extra. */
const PARAMETER_COPIES = 5
/** Copies of the statistics of a norm: running, updated, and those of the batch, which a recomputation computes again. */
const STATISTICS_COPIES = 3

/** Estimated bytes that training needs in addition to the engine's own process, including the activations kept by a plan. */
export function trainingBytes(network: Network, work: BatchConfig, plan: ActivationPlan): number {
  const { reversible, stored } = activationBytes(network, microBatch(work))
  const activations = rebuildsActivations(network.config) ? (reversible ?? stored) + plan.bytes : stored
  const statistics = network.statistics.reduce((sum, { shape }) => sum + shape.reduce((size, axis) => size * axis, 1), 0)
  const copies = PARAMETER_COPIES + (work.accumulate > 1 ? 1 : 0)
  return activations + 4 * (copies * parameterCount(network) + STATISTICS_COPIES * statistics)
}
