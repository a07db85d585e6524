import { freemem } from 'node:os'
import type { RunConfig } from '../contract/config.js'

/** Bytes that may be spent on kept activations: those that are given, or half of the memory that is free now. */
export const budgetBytes = ({ memoryBudget }: Pick<RunConfig, 'memoryBudget'>): number =>
  memoryBudget === 'auto' ? Math.floor(freemem() / 2) : memoryBudget
