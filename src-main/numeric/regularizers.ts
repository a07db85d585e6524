import type { Tensor } from '@tensorflow/tfjs-core'
import type { RunConfig } from '../contract/config.js'
import type { ParameterGroup } from './network.js'

/** The configuration keys that penalties read. */
export type PenaltyConfig = Pick<RunConfig, 'weightDecay' | 'smoothness' | 'smoothnessForm' | 'h' | 'optimizer'>

/** A penalty on the parameters, added to the loss. Every file in regularizers/ is registered automatically. */
export interface Regularizer {
  id: string
  /** Whether it applies to these parameters; never when it is disabled. */
  reads(group: ParameterGroup, config: PenaltyConfig): boolean
  /** Its value for one group, given as a stack [units, ...shape]; scalar. */
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
