import { add, mul, sigmoid, sub } from '@tensorflow/tfjs-core'
import { addBias } from '../channel-sum.js'
import type { Dynamics } from '../dynamics.js'
import { activatedLayer, layerParameters, layerRoles } from '../layer.js'
import { ONE_STATE } from '../one-state.js'

/** A negative initial bias passes most of the state through (Srivastava et al. 2015, section 3.1, who use -1 to -3 depending on depth). */
const GATE_BIAS = -1

/**
 * Highway: Y[j+1] = t s(K Y[j] + b) + (1 - t) Y[j] with the gate t = sigmoid(T Y[j] + c). A contrast: how much is carried over depends on
 * the state, so that its Jacobian has no volume-preserving form. Srivastava, Greff & Schmidhuber 2015, "Training very deep networks", eq.
 * 3.
 */
export const highway: Dynamics = {
  id: 'highway',
  label: 'Highway',
  summary: 'A learned gate chooses, for each feature, between the output of a layer and the unchanged state.',
  source: 'Srivastava et al. 2015, "Training very deep networks", eq. 3',
  diagram: { forces: ['t σ K + (1 − t)'] },
  ...ONE_STATE,
  layersPerUnit: 1,
  mapsPerKernel: 1,
  tapeArrays: 24,
  widening: 'between',
  norms: 'none',
  dense: true,
  parameters: (unit) => ({
    ...layerParameters('', unit.channels, unit),
    ...layerParameters('T', unit.channels, unit),
    biasT: { kind: 'bias', shape: [unit.channels], initial: GATE_BIAS },
  }),
  smoothKernels: [],
  substeps: () => [{ params: { ...layerRoles(''), gateKernel: 'kernelT', gateBias: 'biasT' }, keep: 0, blend: 0, gain: 1 }],
  force(state, params, ctx) {
    const gate = sigmoid(addBias(ctx.linear.map(params['gateKernel']!).apply(state), params['gateBias']!))
    const value = activatedLayer(ctx.linear.map(params['kernel']!).apply, state, params, ctx)
    return add(mul(gate, value), mul(sub(1, gate), state))
  },
}
