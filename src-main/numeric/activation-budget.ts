import type { ActivationDial } from '../contract/catalogue.js'
import { activationBytes, stateBytes } from './describe.js'
import { parameterCount, type Network } from './network.js'

/** Which units keep their activations, by stage: so many first ones. */
export interface ActivationPlan {
  keptUnits: number[]
  /** Estimate of what they hold. */
  bytes: number
  /** Units kept of those that could be rebuilt: 0 is constant memory, 1 the speed of stored back-propagation. */
  share: number
}

/**
 * Bytes that one unit of each stage holds when its activations are kept: for each force the state that enters it and what its
 * activation gives; for a branch with batch norms the arrays before and after each norm.
 */
export function keptBytesAUnit(network: Network, batch: number): number[] {
  const { dynamics, stages, config } = network
  const normalised = dynamics.widening === 'unit' || config.unitNorm === 'batch'
  const arrays = normalised ? 4 : 2
  return stateBytes(network, batch).map((bytes, index) => {
    const { substeps } = stages[index]!
    const forces = substeps.filter(({ gain }) => gain !== 0).length / Math.max(1, new Set(substeps.map(({ unit }) => unit)).size)
    return (forces * arrays * bytes) / dynamics.channelMultiple
  })
}

/**
 * Spends a budget of bytes on kept activations, later stages first: their states are smaller and take as long to rebuild.
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

/** Where a budget of bytes puts a run between constant memory and stored speed, for what is shown before it starts. */
export function activationDial(network: Network, batch: number, budget: number): ActivationDial {
  const units = ({ keptUnits }: ActivationPlan): number => keptUnits.reduce((sum, kept) => sum + kept, 0)
  const chosen = planActivations(network, batch, budget)
  const whole = planActivations(network, batch, Infinity)
  return { units: units(whole), kept: units(chosen), bytes: chosen.bytes, allBytes: whole.bytes, budget }
}

/** Times that a parameter is in memory: itself, its slot and gradient, the update, and what is derived of kernels for a step. */
const PARAMETER_COPIES = 5

/** Estimate of the bytes that training takes besides those of the engine's own process, with the activations of a plan kept. */
export function trainingBytes(network: Network, batch: number, plan: ActivationPlan): number {
  const { reversible, stored } = activationBytes(network, batch)
  const activations = network.config.mode === 'reversible' ? (reversible ?? stored) + plan.bytes : stored
  return activations + PARAMETER_COPIES * 4 * parameterCount(network)
}
