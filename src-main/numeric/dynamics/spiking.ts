import { add } from '@tensorflow/tfjs-core'
import { DROPOUT } from '../dropout.js'
import type { Dynamics } from '../dynamics.js'
import { poolAndPad } from '../pool-and-pad.js'
import { ONE_STATE } from '../one-state.js'

/**
 * A residual network that can be converted to a spiking one: Y[j+1] = s(Y[j] + C2 s(C1 Y[j])), without biases. The rectification after the
 * junction makes every state a rate of spikes; therefore the activation must be ReLU, and neither stem nor head may have batch norm
 * (`edgeNorm: none`). The first unit of a later stage has C1 at stride 2 and pools and pads its shortcut. Sengupta et al. 2019, "Going
 * deeper in spiking neural networks", section 3.
 */
export const spiking: Dynamics = {
  id: 'spiking',
  label: 'Spiking ResNet',
  summary: 'A residual network with non-negative states and no biases or batch norm inside, fit for conversion to spiking neurons.',
  source: 'Sengupta et al. 2019, "Going deeper in spiking neural networks", section 3',
  diagram: { forces: ['σ(1 + C₂ σ C₁)'] },
  ...ONE_STATE,
  layersPerUnit: 2,
  mapsPerKernel: 1,
  tapeArrays: 12,
  widening: 'unit',
  norms: 'none',
  dense: true,
  options: DROPOUT,
  parameters: ({ linear, inChannels, channels }) => ({
    conv1: { kind: 'kernel', shape: linear.kernelShape(inChannels, channels) },
    conv2: { kind: 'kernel', shape: linear.kernelShape(channels, channels) },
  }),
  smoothKernels: [],
  spiking: { layers: ['conv1', 'conv2'], identity: true },
  substeps: () => [{ params: { conv1: 'conv1', conv2: 'conv2' }, keep: 0, blend: 0, gain: 1 }],
  force(state, params, { linear, activation, stride, dropout }) {
    const branch = linear.map(params['conv2']!).apply(dropout(activation(linear.map(params['conv1']!, stride).apply(state))))
    const shortcut = stride === 2 ? poolAndPad(linear, state, branch.shape.at(-1)!) : state
    return activation(add(shortcut, branch))
  },
}
