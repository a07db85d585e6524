import { tensor, zeros, type Tensor } from '@tensorflow/tfjs-core'
import type { NetworkConfig } from '../contract/config.js'
import type { Network, ParameterSpec } from './network.js'
import { findOptimizer } from './optimizers.js'
import { randomFor, truncatedNormal } from './random.js'
import type { Named } from './tensors.js'

/** All state that a training step changes. `slots` are named like 'velocity/stage1/unit1/kernel1'. */
export interface TrainingState {
  params: Named
  statistics: Named
  slots: Named
  /** Number of updates made so far. */
  step: number
}

/**
 * Standard deviation of a kernel's initial values: sqrt(2 / (9 c_out)) for convolutions (the authors' code) and in^-1/2 for matrices; with
 * `init: small`, 1 / (9 c_out) and 1 / c_out (Hardt & Ma 2017, section 4), except for the head.
 */
function initialDeviation({ shape, kind }: ParameterSpec, init: NetworkConfig['init']): number {
  const convolved = shape.length === 4
  if (init === 'small' && kind === 'kernel') return 1 / ((convolved ? 9 : 1) * shape.at(-1)!)
  return convolved ? Math.sqrt(2 / (9 * shape[3]!)) : shape[0]! ** -0.5
}

/** The initial value of one parameter, a function of the seed and its name only. */
function initialValue(spec: ParameterSpec, seed: number, init: NetworkConfig['init']): Float32Array {
  const size = spec.shape.reduce((product, extent) => product * extent, 1)
  if (spec.kind === 'kernel' || spec.kind === 'dense')
    return truncatedNormal(randomFor(seed, `weights/${spec.name}`), size, initialDeviation(spec, init))
  return new Float32Array(size).fill(spec.initial ?? (spec.kind === 'gamma' ? 1 : 0))
}

/**
 * The state at step 0. With `frozenStages` every parameter inside a stage is zero (gammas included): the control.
 */
export function initialState(network: Network, { seed, optimizer }: { seed: number; optimizer: string }): TrainingState {
  const { frozenStages, init } = network.config
  const zero = (spec: ParameterSpec): boolean => frozenStages && spec.inStage
  const params = Object.fromEntries(
    network.parameters.map((spec) => [spec.name, zero(spec) ? zeros(spec.shape) : tensor(initialValue(spec, seed, init), spec.shape)]),
  )
  return { params, statistics: initialStatistics(network), slots: initialSlots(network, optimizer), step: 0 }
}

function initialStatistics(network: Network): Named {
  const one = (name: string, shape: number[]): Tensor => tensor(new Float32Array(shape[0]!).fill(name.endsWith('/variance') ? 1 : 0), shape)
  return Object.fromEntries(network.statistics.map(({ name, shape }) => [name, one(name, shape)]))
}

export function initialSlots(network: Network, optimizer: string): Named {
  return Object.fromEntries(
    findOptimizer(optimizer).slots.flatMap((slot) => network.parameters.map(({ name, shape }) => [`${slot}/${name}`, zeros(shape)])),
  )
}

/** Every tensor of a state. */
export const stateTensors = ({ params, statistics, slots }: TrainingState): Tensor[] =>
  [params, statistics, slots].flatMap((part) => Object.values(part))
