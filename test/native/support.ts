import * as tf from '@tensorflow/tfjs-core'
import { NetworkConfigSchema, type NetworkConfig, type RunConfig } from '../../src-main/contract/config.js'
import { openEngine } from '../../src-main/engine/open.js'
import type { Options } from '../../src-main/numeric/dynamics.js'
import { buildNetwork, type Network } from '../../src-main/numeric/network.js'
import { defaultOptions } from '../../src-main/numeric/options.js'
import { stageSweep, type Pass } from '../../src-main/numeric/pass.js'
import { randomFor } from '../../src-main/numeric/random.js'
import { findDynamics } from '../../src-main/numeric/registry.js'
import type { Sweep } from '../../src-main/numeric/reversible-sweep.js'
import { initialState, stateTensors, type TrainingState } from '../../src-main/numeric/state.js'
import type { HostBatch } from '../../src-main/training/run-data.js'

/** The engine of this machine; native if set-up was able to build it. */
export const engineReport = (await openEngine()).report

/** The options of an architecture in a complete configuration, besides the common keys. */
export const optionsOf = (arch: string): Options => defaultOptions(findDynamics(arch)!)

export function networkOf(overrides: Partial<NetworkConfig> & Pick<NetworkConfig, 'arch' | 'stages'>): Network {
  return buildNetwork(
    NetworkConfigSchema.parse({ classes: 5, image: { height: 8, width: 8, channels: 3 }, ...optionsOf(overrides.arch), ...overrides }),
  )
}

/** Normally distributed numbers that do not depend on the engine. */
export function normalTensor(shape: number[], purpose: string, seed = 1): tf.Tensor {
  const random = randomFor(seed, purpose)
  return tf.tensor(
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => random.normal()),
    shape,
  )
}

/** A batch of normally distributed numbers with arbitrary labels, the same for equal configurations. */
export function batchOf({ batch, image, classes }: RunConfig): HostBatch {
  const random = randomFor(1, 'batch')
  return {
    images: Float32Array.from({ length: batch * image.height * image.width * image.channels }, () => random.normal()),
    labels: Int32Array.from({ length: batch }, () => random.integer(0, classes - 1)),
    count: batch,
  }
}

/** A network with one stage, its state and the sweep of that stage. */
export function stageOf(network: Network, seed = 1): { state: TrainingState; pass: Pass; sweep: Sweep } {
  const state = initialState(network, { seed, optimizer: 'sgd' })
  const pass: Pass = { network, params: state.params, statistics: state.statistics, training: true, moved: new Map() }
  return { state, pass, sweep: stageSweep(pass, network.stages[0]!) }
}

export const disposeState = (state: TrainingState): void => tf.dispose(stateTensors(state))

/** max|a - b| / max|b| of two tensors. */
export function relative(a: tf.Tensor, b: tf.Tensor): number {
  return tf.tidy(() => tf.div(tf.max(tf.abs(tf.sub(a, b))), tf.max(tf.abs(b))).dataSync()[0]!)
}

export { tf }
