import type { Dynamics } from '../dynamics.js'
import { activatedLayer, layerParameters, layerRoles } from '../layer.js'
import { ONE_STATE } from '../one-state.js'

/**
 * Plain layers: Y[j+1] = s(K Y[j] + b), without an identity term. A contrast: their log volume factor, the sum of log s' plus log|det K|,
 * decreases without bound over depth, and with it the information that reaches the other end.
 */
export const plain: Dynamics = {
  id: 'plain',
  label: 'Plain',
  summary: 'Layers without a skip connection: the baseline that residual networks were invented to replace.',
  source: 'He et al. 2016, "Deep residual learning for image recognition", section 4.1 (plain networks)',
  diagram: { forces: ['σ K'] },
  ...ONE_STATE,
  layersPerUnit: 1,
  mapsPerKernel: 1,
  tapeArrays: 5,
  widening: 'between',
  norms: 'none',
  dense: true,
  parameters: (unit) => layerParameters('', unit.channels, unit),
  smoothKernels: [],
  spiking: { layers: ['kernel'], identity: false },
  substeps: () => [{ params: layerRoles(''), keep: 0, blend: 0, gain: 1 }],
  force: (state, params, ctx) => activatedLayer(ctx.linear.map(params['kernel']!).apply, state, params, ctx),
}
