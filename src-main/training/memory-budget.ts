import { freemem } from 'node:os'
import type { RunConfig } from '../contract/config.js'

/** Maximum bytes for kept activations: the given number, or half of the memory that is currently free. */
export const budgetBytes = ({ memoryBudget }: Pick<RunConfig, 'memoryBudget'>): number =>
  memoryBudget === 'auto' ? Math.floor(freemem() / 2) : memoryBudget
