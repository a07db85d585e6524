import { max, tidy, type Tensor } from '@tensorflow/tfjs-core'
import { release } from '../tensors.js'
import type { Train } from './input.js'
import { Neurons, type Reset } from './neurons.js'
import type { OpenNetwork, PassOptions } from './open-network.js'

/**
 * How the two paths of a residual block are joined. Spikes of the block's input represent an activation of L_x each, those of its branch
 * L_x V_1. balanced: the identity path has the weight 1/V_1, so that the sum equals that of the analog network. equal: both layers that
 * feed the junction get the larger of their thresholds, and the identity path the weight 1 (the paper's own rule, recalled from memory).
 * unit: the weight 1 without equal thresholds, which is not the same function.
 */
export type Junction = 'balanced' | 'equal' | 'unit'

/** A network with the thresholds of its neurons. */
export interface Conversion {
  layers: readonly {
    name: string
    /** V, in spikes of the previous layer (of the input for the first). */
    threshold: number
    /** L, the activation represented by one spike in every step: V times L of the previous layer. */
    scale: number
    /** Its largest input was not above zero, so that no threshold could be determined: V is 1. */
    silent: boolean
  }[]
  reset: Reset
  junction: Junction
  /** L of the input. */
  inputScale: number
}

/** L of a layer's input: of the previous layer, or of the network's input. */
const enteringScale = (scales: readonly number[], layer: number, inputScale: number): number =>
  layer === 0 ? inputScale : scales[layer - 1]!

/** The identity weights of a pass whose spikes are as high as their scales; 1 if the branch has no threshold yet. */
export function identityWeights(
  scales: readonly number[],
  { junction, inputScale }: Pick<Conversion, 'junction' | 'inputScale'>,
): Required<PassOptions>['identity'] {
  if (junction === 'balanced') return () => 1
  return (layer) => {
    const scale = scales[layer]
    return scale === undefined ? 1 : scale / enteringScale(scales, layer, inputScale)
  }
}

export interface CalibrationOptions {
  steps: number
  reset: Reset
  junction: Junction
  inputScale: number
}

/**
 * Spike-Norm: for the layers in order, the threshold is the largest weighted input that a neuron of the layer receives in one step, over
 * steps, examples and neurons, with the thresholds of the previous layers already set. Yields the progress, from 0 to 1. Sengupta et al.
 * 2019, algorithm 1; their group's code (hybrid-snn-conversion, `vgg_spiking.py`).
 * @param trains spike trains of training images, never of those on which accuracies are measured
 */
export function* spikeNorm(
  network: OpenNetwork,
  trains: readonly Train[],
  { steps, reset, junction, inputScale }: CalibrationOptions,
): Generator<number, Conversion, void> {
  const scales: number[] = []
  const silent: boolean[] = []
  const before = (layer: number): number => enteringScale(scales, layer, inputScale)
  const { layers } = network
  for (const [layer, { branch }] of layers.entries()) {
    let largest = -Infinity
    const identity = identityWeights(scales, { junction, inputScale })
    for (const [at, train] of trains.entries()) {
      const neurons = new Neurons(scales, reset)
      try {
        const next = train()
        for (let step = 0; step < steps; step++) {
          const input = next()
          const activate = (reached: number, weighted: Tensor): Tensor => {
            if (reached < layer) return neurons.fire(reached, weighted)
            if (reached === layer) largest = Math.max(largest, tidy(() => max(weighted)).dataSync()[0]!)
            return weighted
          }
          release([network.pass(input, activate, { identity, upTo: layer }), input])
        }
      } finally {
        neurons.dispose()
      }
      yield (layer + (at + 1) / trains.length) / layers.length
    }
    silent.push(!(largest > 0))
    scales.push(largest > 0 ? largest : before(layer))
    if (junction === 'equal' && branch && layer > 0) {
      const threshold = Math.max(scales[layer - 1]! / before(layer - 1), scales[layer]! / before(layer))
      scales[layer - 1] = threshold * before(layer - 1)
      scales[layer] = threshold * before(layer)
    }
  }
  return {
    layers: layers.map(({ name }, layer) => ({
      name,
      threshold: scales[layer]! / before(layer),
      scale: scales[layer]!,
      silent: silent[layer]!,
    })),
    reset,
    junction,
    inputScale,
  }
}
