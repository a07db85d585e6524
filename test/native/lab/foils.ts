import type { Dynamics } from '../../../src-main/numeric/dynamics.js'
import { hamiltonian } from '../../../src-main/numeric/dynamics/hamiltonian.js'
import { activatedLayer } from '../../../src-main/numeric/layer.js'

const { forceForm: _symmetric, ...twoLayers } = hamiltonian
void _symmetric

/** y1 = x1 + s(x2 K + b) K2;  y2 = x2 + s(y1 K2 + b2) K. */
export const foilRevnet: Dynamics = {
  ...twoLayers,
  source: 'Made up for tests',
  norms: 'none',
  id: 'foil-revnet',
  label: 'Coupling',
  substeps: () => [
    { params: { kernel: 'kernel1', bias: 'bias1', outer: 'kernel2' }, keep: 1, blend: 0, gain: 1 },
    { params: { kernel: 'kernel2', bias: 'bias2', outer: 'kernel1' }, keep: 1, blend: 0, gain: 1 },
  ],
  force: (state, params, ctx) =>
    ctx.linear.map(params['outer']!).apply(activatedLayer(ctx.linear.map(params['kernel']!).apply, state, params, ctx)),
}
