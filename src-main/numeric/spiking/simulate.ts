import { add, keep, relu, tidy, type Tensor } from '@tensorflow/tfjs-core'
import { release } from '../tensors.js'
import { identityWeights, type Conversion } from './convert.js'
import type { Train } from './input.js'
import { Neurons } from './neurons.js'
import type { OpenNetwork } from './open-network.js'

/** A spiking network after a step. The simulation owns the tensors and changes them in the next step. */
export interface Moment {
  /** Counted from 1. */
  step: number
  /** Logits summed over the steps, [images, classes]: the last layer does not fire. The largest is the prediction. */
  output: Tensor
  neurons: Pick<Neurons, 'potentials' | 'counts'>
}

/** Runs a converted network over time steps. */
export function* simulate(
  network: OpenNetwork,
  { layers, reset, junction, inputScale }: Conversion,
  train: Train,
  steps: number,
): Generator<Moment, void, void> {
  const scales = layers.map(({ scale }) => scale)
  const identity = identityWeights(scales, { junction, inputScale })
  const neurons = new Neurons(scales, reset)
  const next = train()
  let output: Tensor | null = null
  try {
    for (let step = 1; step <= steps; step++) {
      const input = next()
      const logits = network.pass(input, (layer, weighted) => neurons.fire(layer, weighted), { identity })!
      const summed: Tensor = output ? keep(tidy(() => add(output!, logits))) : keep(logits)
      release([input, logits, output], [summed])
      output = summed
      yield { step, output, neurons }
    }
  } finally {
    neurons.dispose()
    release([output])
  }
}

/** The analog network itself: activations by layer and logits, owned by the caller. */
export function analog(network: OpenNetwork, x: Tensor): { activations: Tensor[]; logits: Tensor } {
  const activations: Tensor[] = []
  const logits = network.pass(x, (_layer, weighted) => {
    const activation = keep(relu(weighted))
    activations.push(activation)
    return activation
  })!
  return { activations, logits: keep(logits) }
}
