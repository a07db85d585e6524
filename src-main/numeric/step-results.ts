import type { Tensor } from '@tensorflow/tfjs-core'
import type { RunConfig } from '../contract/config.js'
import type { ParameterGroup } from './network.js'

/** The part of the configuration that a step reads, and which states it keeps. */
export type StepConfig = Pick<
  RunConfig,
  'mode' | 'weightDecay' | 'smoothness' | 'smoothnessForm' | 'h' | 'optimizer' | 'momentum' | 'labelSmoothing' | 'clipNorm' | 'frozenStages'
> & { seed?: number; anchorEvery: number; keptUnits?: readonly number[]; frozen?: boolean }

/** Scalar results of one step; the caller owns them. */
export interface StepResult {
  /** Mean cross-entropy of the batch before the update, nats. */
  crossEntropy: Tensor
  /** The loss with penalties. */
  total: Tensor
  /** Global norm of the gradient with penalties, before clipping. */
  gradientNorm: Tensor
  logits: Tensor
  /** Gradients of the total loss by group; freed by `trainStep`. */
  gradients: GroupGradient[]
}

/** The gradient for a group of parameters, as a stack [units, ...shape]. */
export interface GroupGradient {
  group: ParameterGroup
  gradient: Tensor
}
