import type { Dynamics } from '../dynamics.js'
import { activatedLayer, layerParameters, layerRoles } from '../layer.js'
import { ONE_STATE } from '../one-state.js'

/**
 * Forward Euler: Y[j+1] = Y[j] + h s(K Y[j] + b), the residual network of Haber and Ruthotto. Stable if |1 + h lambda| <= 1 for the
 * eigenvalues lambda of K' diag(s'), which nothing in it ensures. Haber & Ruthotto 2017, "Stable architectures for deep neural networks",
 * eq. 2.
 */
export const euler: Dynamics = {
  id: 'euler',
  label: 'Euler',
  summary: 'Forward Euler with an unconstrained layer: the plain residual network, whose eigenvalues may lie anywhere.',
  source: 'Haber & Ruthotto 2017, "Stable architectures for deep neural networks", section 2',
  diagram: { forces: ['σ K'] },
  ...ONE_STATE,
  layersPerUnit: 1,
  mapsPerKernel: 1,
  widening: 'between',
  norms: 'none',
  dense: true,
  parameters: (unit) => layerParameters('', unit.channels, unit),
  smoothKernels: ['kernel'],
  substeps: (h) => [{ params: layerRoles(''), keep: 0, blend: 1, gain: h }],
  force: (state, params, ctx) => activatedLayer(ctx.linear.map(params['kernel']!).apply, state, params, ctx),
}
