import type { Scalar, Tensor } from '@tensorflow/tfjs-core'
import type { RunConfig } from '../contract/config.js'
import type { Network } from './network.js'
import type { Named } from './tensors.js'

/** The keys of the configuration that penalties read. */
export type PenaltyConfig = Pick<RunConfig, 'weightDecay' | 'smoothness' | 'smoothnessForm' | 'h'>

/** A penalty on the parameters, added to the loss. One file each in regularizers/, found by being there. */
export interface Regularizer {
  id: string
  /** Parameters that it reads; none when it is switched off. */
  reads(network: Network, config: PenaltyConfig): string[]
  /** Scalar. */
  penalty(network: Network, params: Named, config: PenaltyConfig): Scalar | Tensor
}

const isRegularizer = (value: unknown): value is Regularizer =>
  typeof value === 'object' && value !== null && 'penalty' in value && 'reads' in value

export const regularizers: readonly Regularizer[] = Object.values(
  import.meta.glob<Record<string, unknown>>('./regularizers/*.ts', { eager: true }),
)
  .flatMap((module) => Object.values(module))
  .filter(isRegularizer)
  .sort((a, b) => a.id.localeCompare(b.id))
