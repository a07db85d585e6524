import type { Tensor } from '@tensorflow/tfjs-core'
import type { z } from 'zod'
import type { NetworkConfig, OptionValue } from '../contract/config.js'
import type { OwnFile } from '../contract/own-dynamics.js'
import type { Activation } from './activations.js'
import type { LinearKind } from './linear.js'
import type { Named, Pair } from './tensors.js'

/** The kind determines the initial values: kernels truncated normal, gammas 1, biases and betas 0. */
export type ParameterKind = 'kernel' | 'dense' | 'bias' | 'gamma' | 'beta'

export interface ParameterShape {
  kind: ParameterKind
  shape: number[]
  /** Initial value of a bias, if it is not 0. */
  initial?: number
}

/** What determines the parameters of one unit. */
export interface UnitGeometry {
  /** Channels of the state that enters the unit; differs from `channels` only in a widening unit. */
  inChannels: number
  channels: number
  linear: LinearKind
  unitNorm: NetworkConfig['unitNorm']
  /** Values of the dynamics' own options. */
  options: Options
  /** The authors' code omits the first normalisation in the first unit of the network. */
  firstOfNetwork: boolean
}

/** next = keep * previous + blend * current + gain * force(current; params); with gain 0 there is no force. */
export interface Substep {
  /**
   * Maps roles in `force` to local names in the unit; roles whose parameter the unit lacks are omitted. Roles and substeps of a unit may
   * share a parameter.
   */
  params: Record<string, string>
  keep: number
  blend: number
  gain: number
}

/** The options of a dynamics by their keys. */
export type Options = Readonly<Record<string, OptionValue>>

/** What a force may use besides state and parameters. */
export interface ForceContext {
  linear: LinearKind
  activation: Activation
  /** 2 in the single evaluation in which a widening unit halves the image. */
  stride: 1 | 2
  /** Values of the dynamics' own options. */
  options: Options
  /** Applies dropout to the values of an activation in training, according to the option `dropout`; at most once per force. */
  dropout(x: Tensor): Tensor
  /** Batch norm with the parameters `${role}/gamma` and `${role}/beta`; only the first evaluation of a step updates running statistics. */
  batchNorm(x: Tensor, role: string): Tensor
}

/**
 * An architecture: a time integration scheme expressed in substeps. Forward pass, inverse and gradient all derive from them
 * (reversible-sweep.ts); a dynamics does not know how gradients are computed.
 */
export interface Dynamics {
  id: string
  label: string
  /** What it computes, in one sentence. */
  summary: string
  /** Paper and section. */
  source: string
  /** The user's file that defines it, with the hash of its text; absent if it is built in. */
  own?: OwnFile
  /** Names of states and forces in the diagram of a unit, when those derived from the substeps are not descriptive enough. */
  diagram?: { lanes?: readonly [string, string]; ends?: readonly [string, string]; forces?: readonly string[] }
  /** Layers per unit as the papers count them. */
  layersPerUnit: number
  /** The number of channels of a stage must be a multiple of this. */
  channelMultiple: 1 | 2
  /** Where later stages widen: by pooling and padding between stages, or in their strided first unit. */
  widening: 'between' | 'unit'
  /** Batch norm inside units: never, as `unitNorm` says, or always, regardless of `unitNorm`. */
  norms: 'none' | 'optional' | 'always'
  /** Whether it supports dense kernels on vectors (`maps: dense`). */
  dense: boolean
  /** Whether states can be reconstructed from the end of a stage: every substep then keeps its previous state, or `solvePrevious` finds it. */
  reversible: boolean
  /** Whether the start rule applies. */
  twoStep: boolean
  /**
   * Configuration keys specific to this dynamics, created with `field()`, each with a default. They are stored with every run, so adding
   * one to a released dynamics needs a configuration migration.
   */
  options?: Readonly<Record<string, z.ZodType<OptionValue>>>
  /** Parameters of one unit by local name, in forward order. */
  parameters(geometry: UnitGeometry): Record<string, ParameterShape>
  /** How often one evaluation of the force applies each kernel: 2 if it applies K and K'. Used for time estimates. */
  mapsPerKernel: 1 | 2
  /**
   * Number of arrays as large as a state that the tape of one force and of its step keeps, if it differs from the layers and branches of
   * the paper's networks (numeric/describe.ts). Used for estimates of memory; a test compares them with what is actually kept.
   */
  tapeArrays?: number
  /** Local names of the kernels that weight smoothness couples between units. */
  smoothKernels: readonly string[]
  /** The initial pair of a stage: two states, or velocity and state. */
  open(x: Tensor, options: { start: NetworkConfig['start'] }): Pair
  /** The output of a stage. It satisfies close(open(x)) = x. */
  close(pair: Pair): Tensor
  substeps(h: number, options: Options): Substep[]
  force(state: Tensor, params: Named, ctx: ForceContext): Tensor
  /**
   * The path of the state past the first force of a widening unit (`ctx.stride` is 2), if the unit has parameters of its own for it; null
   * if it has none, and absent if no unit does: the state is then pooled and padded with zero channels.
   */
  shortcut?(state: Tensor, params: Named, ctx: ForceContext): Tensor | null
  /**
   * The form of its force in terms of a layer z = K x + b (with `layerParameters`) as long as no norm scales x, for instruments:
   * 'symmetric' is K' s(z), with the Jacobian K' s'(z) K, and 'skew' is s(z) with K - K' in place of K. Absent: neither.
   */
  forceForm?: 'symmetric' | 'skew'
  /**
   * Present if every state is the output of the activation, so that with ReLU it is a rate that spiking neurons can transmit. `layers`:
   * roles of the kernels before the activations of the force, in the order of their evaluation. `identity`: whether the state also bypasses
   * them into the last activation, and enters the branch only through the first kernel.
   */
  spiking?: { layers: readonly string[]; identity: boolean }
  /**
   * Value and vector-Jacobian product together, if that is faster than the tape; the contract suite checks it against the tape. `params` of
   * the result is keyed by role, each with tensors of its own.
   */
  forceAndVjp?(state: Tensor, params: Named, ctx: ForceContext, cotangent: Tensor): { value: Tensor; state: Tensor; params: Named }
  /**
   * Only for schemes whose substeps have keep = 0, so that the result does not depend on `previous`: finds the state before `current` from
   * `current` alone. `advance` is the forward map of one state.
   */
  solvePrevious?(current: Tensor, advance: (state: Tensor) => Tensor): Tensor
}

/** Whether every substep can be inverted. */
export const canBeUndone = ({ solvePrevious }: Dynamics, substeps: readonly Pick<Substep, 'keep'>[]): boolean =>
  solvePrevious !== undefined || substeps.every(({ keep }) => keep !== 0)
