import { freemem } from 'node:os'
import { rebuildsActivations, type RunConfig } from '../contract/config.js'
import { microBatch } from '../contract/micro-batch.js'
import { planActivations } from '../numeric/activation-budget.js'
import type { Network } from '../numeric/network.js'

/** Maximum bytes for kept activations: the given number, or half of the memory that is currently free. */
export const budgetBytes = ({ memoryBudget }: Pick<RunConfig, 'memoryBudget'>): number =>
  memoryBudget === 'auto' ? Math.floor(freemem() / 2) : memoryBudget

/** For each stage, the number of units that keep their activations, within a fixed budget or half of the memory that is currently free. */
export function planKept(network: Network, config: RunConfig): number[] {
  if (!rebuildsActivations(config) || config.memoryBudget === 0) return []
  return planActivations(network, microBatch(config), budgetBytes(config)).keptUnits
}
