import { z } from 'zod'
import { field } from '../../contract/config.js'
import { addBias } from '../channel-sum.js'
import type { Dynamics } from '../dynamics.js'
import { ONE_STATE } from '../one-state.js'

/**
 * Identity: Y[j+1] = Y[j] + C2 s(C1 Y[j] + b1) + b2, a residual network without batch norm in its units; the all-convolutional network of
 * Hardt and Ma also has none in stem and head (`edgeNorm: none`) and a fixed random last layer (`fixedHead`). The first unit of a later
 * stage has C1 at stride 2 and pools and pads its shortcut, or maps it with a 1x1 convolution at stride 2 (`projection`), which the
 * authors' number of parameters suggests: 13,588,800 with biases everywhere and a stem of 16 channels. Hardt & Ma 2017, "Identity matters
 * in deep learning", section 4.
 */
export const identity: Dynamics = {
  id: 'identity',
  label: 'Identity',
  summary: 'A residual network without batch norm inside its units: the identity alone carries the signal.',
  source: 'Hardt & Ma 2017, "Identity matters in deep learning", section 4',
  diagram: { forces: ['C₂ σ C₁'] },
  ...ONE_STATE,
  layersPerUnit: 2,
  mapsPerKernel: 1,
  tapeArrays: 12,
  widening: 'unit',
  norms: 'none',
  dense: true,
  options: {
    projection: field(z.boolean().default(false), {
      group: 'Network',
      label: 'Shortcuts with kernels',
      help: 'Where the network widens, the shortcut is a 1x1 convolution (for vectors, a matrix) in the place of pooling and zero channels.',
      source: 'Derived from the number of parameters of Hardt and Ma 2017, "Identity matters in deep learning", section 4',
      shapesWeights: true,
      advanced: true,
    }),
  },
  parameters: ({ linear, inChannels, channels, options }) => ({
    conv1: { kind: 'kernel', shape: linear.kernelShape(inChannels, channels) },
    bias1: { kind: 'bias', shape: [channels] },
    conv2: { kind: 'kernel', shape: linear.kernelShape(channels, channels) },
    bias2: { kind: 'bias', shape: [channels] },
    ...(options['projection'] && inChannels !== channels
      ? { projection: { kind: 'kernel' as const, shape: linear.pointwiseShape(inChannels, channels) } }
      : {}),
  }),
  smoothKernels: [],
  substeps: () => [
    { params: { conv1: 'conv1', bias1: 'bias1', conv2: 'conv2', bias2: 'bias2', projection: 'projection' }, keep: 0, blend: 1, gain: 1 },
  ],
  shortcut: (state, { projection }, { linear, stride }) => (projection ? linear.map(projection, stride).apply(state) : null),
  force(state, params, ctx) {
    const inner = ctx.activation(addBias(ctx.linear.map(params['conv1']!, ctx.stride).apply(state), params['bias1']!))
    return addBias(ctx.linear.map(params['conv2']!).apply(inner), params['bias2']!)
  },
}
