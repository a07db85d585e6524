import { DROPOUT } from '../dropout.js'
import type { Dynamics } from '../dynamics.js'
import { halved } from '../pool-and-pad.js'
import { ONE_STATE } from '../one-state.js'

/**
 * A VGG network that can be converted to a spiking one: Y[j+1] = s(C Y[j]), without biases and batch norm, with 2x2 average pooling before
 * the first unit of a later stage. Two of its units are one block of VGG. Sengupta et al. 2019, "Going deeper in spiking neural networks",
 * section 3; Simonyan & Zisserman 2015 for VGG itself.
 */
export const vgg: Dynamics = {
  id: 'vgg',
  label: 'Spiking VGG',
  summary: 'Rectified convolutions without biases, skips or batch norm inside, fit for conversion to spiking neurons.',
  source: 'Sengupta et al. 2019, "Going deeper in spiking neural networks", section 3',
  diagram: { forces: ['σ C'] },
  ...ONE_STATE,
  layersPerUnit: 1,
  mapsPerKernel: 1,
  tapeArrays: 4,
  widening: 'unit',
  norms: 'none',
  dense: true,
  options: DROPOUT,
  parameters: ({ linear, inChannels, channels }) => ({ conv1: { kind: 'kernel', shape: linear.kernelShape(inChannels, channels) } }),
  smoothKernels: [],
  spiking: { layers: ['conv1'], identity: false },
  substeps: () => [{ params: { conv1: 'conv1' }, keep: 0, blend: 0, gain: 1 }],
  force: (state, params, { linear, activation, stride, dropout }) =>
    dropout(activation(linear.map(params['conv1']!).apply(stride === 2 ? halved(linear, state) : state))),
}
