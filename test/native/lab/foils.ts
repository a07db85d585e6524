import { add, mul, sigmoid, zerosLike } from '@tensorflow/tfjs-core'
import type { Dynamics } from '../../../src-main/numeric/dynamics.js'
import { midpoint } from '../../../src-main/numeric/dynamics/midpoint.js'
import { hamiltonian } from '../../../src-main/numeric/dynamics/hamiltonian.js'
import { activatedLayer, layerParameters, layerRoles } from '../../../src-main/numeric/layer.js'
import { sub } from '@tensorflow/tfjs-core'

const { forceForm: _skew, ...oneLayer } = midpoint
const { forceForm: _symmetric, ...twoLayers } = hamiltonian
void _skew
void _symmetric

const made = { source: 'Made up for tests', norms: 'none', twoStep: false } as const

/** y + h s(K y + b). */
export const foilEuler: Dynamics = {
  ...oneLayer,
  ...made,
  id: 'foil-euler',
  label: 'Euler',
  reversible: false,
  open: (x) => [x, x],
  substeps: (h) => [{ params: layerRoles(''), keep: 0, blend: 1, gain: h }],
  force: (state, params, ctx) => activatedLayer(ctx.linear.map(params['kernel']!).apply, state, params, ctx),
}

/** s(K y + b). */
export const foilPlain: Dynamics = {
  ...foilEuler,
  id: 'foil-plain',
  label: 'Plain',
  substeps: () => [{ params: layerRoles(''), keep: 0, blend: 0, gain: 1 }],
}

/** t s(K y + b) + (1 - t) y with t = sigmoid(T y + c). */
export const foilHighway: Dynamics = {
  ...foilPlain,
  id: 'foil-highway',
  label: 'Highway',
  parameters: (unit) => ({ ...layerParameters('', unit.channels, unit), ...layerParameters('T', unit.channels, unit) }),
  substeps: () => [{ params: { ...layerRoles(''), gate: 'kernelT', gateBias: 'biasT' }, keep: 0, blend: 0, gain: 1 }],
  force(state, params, ctx) {
    const gate = sigmoid(add(ctx.linear.map(params['gate']!).apply(state), params['gateBias']!))
    const value = activatedLayer(ctx.linear.map(params['kernel']!).apply, state, params, ctx)
    return add(mul(gate, value), mul(sub(1, gate), state))
  },
}

/** z -= h s(K' y + b);  y += h s(K z + b). */
export const foilVerlet: Dynamics = {
  ...oneLayer,
  ...made,
  id: 'foil-verlet',
  label: 'Verlet',
  open: (x) => [zerosLike(x), x],
  close: ([, last]) => last,
  substeps: (h) => [
    { params: { bias: 'bias', adjointKernel: 'kernel' }, keep: 1, blend: 0, gain: -h },
    { params: layerRoles(''), keep: 1, blend: 0, gain: h },
  ],
  force(state, params, ctx) {
    const own = params['adjointKernel']
    const apply = own ? ctx.linear.map(own).adjoint : ctx.linear.map(params['kernel']!).apply
    return activatedLayer(apply, state, params, ctx)
  },
}

/** y1 = x1 + s(x2 K + b) K2;  y2 = x2 + s(y1 K2 + b2) K. */
export const foilRevnet: Dynamics = {
  ...twoLayers,
  ...made,
  id: 'foil-revnet',
  label: 'Coupling',
  substeps: () => [
    { params: { kernel: 'kernel1', bias: 'bias1', outer: 'kernel2' }, keep: 1, blend: 0, gain: 1 },
    { params: { kernel: 'kernel2', bias: 'bias2', outer: 'kernel1' }, keep: 1, blend: 0, gain: 1 },
  ],
  force: (state, params, ctx) =>
    ctx.linear.map(params['outer']!).apply(activatedLayer(ctx.linear.map(params['kernel']!).apply, state, params, ctx)),
}

export const foils = [foilEuler, foilPlain, foilHighway, foilVerlet, foilRevnet]
