import type { Tensor } from '@tensorflow/tfjs-core'
import type { RunConfig } from '../contract/config.js'
import type { ParameterGroup } from './network.js'

/** The keys of the configuration that penalties read. */
export type PenaltyConfig = Pick<RunConfig, 'weightDecay' | 'smoothness' | 'smoothnessForm' | 'h'>

/** A penalty on the parameters, added to the loss. One file each in regularizers/, found by being there. */
export interface Regularizer {
  id: string
  /** Does it have a say in these parameters? Never when it is switched off. */
  reads(group: ParameterGroup, config: PenaltyConfig): boolean
  /** Its part for one group, given as a stack [units, ...shape]; scalar. */
  penalty(stack: Tensor, config: PenaltyConfig): Tensor
}

const isRegularizer = (value: unknown): value is Regularizer =>
  typeof value === 'object' && value !== null && 'penalty' in value && 'reads' in value

export const regularizers: readonly Regularizer[] = Object.values(
  import.meta.glob<Record<string, unknown>>('./regularizers/*.ts', { eager: true }),
)
  .flatMap((module) => Object.values(module))
  .filter(isRegularizer)
  .sort((a, b) => a.id.localeCompare(b.id))
