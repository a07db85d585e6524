import { zerosLike } from '@tensorflow/tfjs-core'
import type { Dynamics } from '../dynamics.js'
import { activatedLayer, layerParameters, layerRoles } from '../layer.js'

/**
 * Midpoint: Y[j+1] = Y[j-1] + 2h s((K - K') Y[j] + b).  Second order, two-step; K - K' has purely imaginary eigenvalues.
 * This is what some ODE libraries call the leapfrog/midpoint rule; `leapfrog` here is another scheme.
 * Chang et al. 2018, section 3.2, eq. 14-15.
 */
export const midpoint: Dynamics = {
  id: 'midpoint',
  label: 'Midpoint',
  summary: 'A two-step midpoint scheme with an antisymmetric layer, whose eigenvalues lie on the imaginary axis.',
  source: 'Chang et al. 2018, section "Midpoint network"',
  diagram: { forces: ['σ (K − Kᵀ)'] },
  layersPerUnit: 2,
  mapsPerKernel: 1,
  channelMultiple: 1,
  widening: 'between',
  norms: 'optional',
  dense: true,
  reversible: true,
  twoStep: true,
  parameters: (unit) => layerParameters('', unit.channels, unit),
  forceForm: 'skew',
  smoothKernels: ['kernel'],
  open: (x, { start }) => [start === 'zero' ? zerosLike(x) : x, x],
  close: ([, last]) => last,
  substeps: (h) => [{ params: layerRoles(''), keep: 1, blend: 0, gain: 2 * h }],
  force: (state, params, ctx) => activatedLayer(ctx.linear.antisymmetric(params['kernel']!).apply, state, params, ctx),
}
