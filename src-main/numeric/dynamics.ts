import type { Tensor } from '@tensorflow/tfjs-core'
import type { NetworkConfig } from '../contract/config.js'
import type { Activation } from './activations.js'
import type { LinearKind } from './linear.js'
import type { Named, Pair } from './tensors.js'

/** How a parameter begins: kernels truncated normal, gammas 1, biases and betas 0. */
export type ParameterKind = 'kernel' | 'dense' | 'bias' | 'gamma' | 'beta'

export interface ParameterShape {
  kind: ParameterKind
  shape: number[]
}

/** What decides the parameters of one unit. */
export interface UnitGeometry {
  /** Channels of the state that enters the unit; differs from `channels` only where the unit itself widens. */
  inChannels: number
  channels: number
  linear: LinearKind
  unitNorm: NetworkConfig['unitNorm']
  /** The authors' code leaves out the first normalisation in the first unit of the network. */
  firstOfNetwork: boolean
}

/** next = keep * previous + blend * current + gain * force(current; params); gain 0 has no force. */
export interface Substep {
  /** Role in `force` -> local name in the unit; roles whose parameter the unit does not have are left out. */
  params: Record<string, string>
  keep: number
  blend: number
  gain: number
}

/** What a force may use besides its state and parameters. */
export interface ForceContext {
  linear: LinearKind
  activation: Activation
  /** 2 in the one evaluation by which a widening unit halves the image. */
  stride: 1 | 2
  /** Batch norm with the parameters `${role}/gamma` and `${role}/beta`; only the first evaluation of a step moves running statistics. */
  batchNorm(x: Tensor, role: string): Tensor
}

/**
 * One architecture: an integration of units in the one form of `Substep`. Forward, inverse and gradient all derive from it
 * (reversible-sweep.ts); nothing here knows how gradients are taken.
 */
export interface Dynamics {
  id: string
  label: string
  /** One sentence: what it computes. */
  summary: string
  /** Paper and section. */
  source: string
  /** For the picture of a unit, where the names that follow from the substeps do not say enough: of its states, and of its forces. */
  diagram?: { lanes?: readonly [string, string]; ends?: readonly [string, string]; forces?: readonly string[] }
  /** Layers a unit as the papers count them. */
  layersPerUnit: number
  /** The channels of a stage must be a multiple of this. */
  channelMultiple: 1 | 2
  /** Where later stages widen: pool and pad between stages, or strided inside their first unit. */
  widening: 'between' | 'unit'
  /** Does `unitNorm: batch` mean anything here? */
  normalisable: boolean
  /** Does the start rule mean anything here? */
  twoStep: boolean
  /** Parameters of one unit by local name, in the order of the forward pass. */
  parameters(geometry: UnitGeometry): Record<string, ParameterShape>
  /** Linear maps that one evaluation of the force makes of each kernel: 2 where it applies K and K'. For estimates of time. */
  mapsPerKernel: 1 | 2
  /** Local names of kernels that weight smoothness couples from unit to unit. */
  smoothKernels: readonly string[]
  /** The pair from which a stage starts: two states, or velocity and state. */
  open(x: Tensor, options: { start: NetworkConfig['start'] }): Pair
  /** What a stage hands on. With `open` it obeys close(open(x)) = x. */
  close(pair: Pair): Tensor
  substeps(h: number): Substep[]
  force(state: Tensor, params: Named, ctx: ForceContext): Tensor
  /** value and vector-Jacobian product in one, where that is faster than the tape; checked against it by the contract suite. */
  forceAndVjp?(state: Tensor, params: Named, ctx: ForceContext, cotangent: Tensor): { value: Tensor; state: Tensor; params: Named }
  /**
   * Only for schemes whose substeps have keep = 0, so that `previous` is not in the result: finds the state before `current`
   * from `current` alone. `advance` is the forward map of one state.
   */
  solvePrevious?(current: Tensor, advance: (state: Tensor) => Tensor): Tensor
}

/** Can its states be rebuilt from the end of a stage? */
export function isReversible(dynamics: Dynamics): boolean {
  return dynamics.solvePrevious !== undefined || dynamics.substeps(0.1).every((substep) => substep.keep !== 0)
}
