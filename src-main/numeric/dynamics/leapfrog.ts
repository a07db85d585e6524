import { zerosLike } from '@tensorflow/tfjs-core'
import type { Dynamics } from '../dynamics.js'
import { layerParameters, layerRoles, symmetricLayer } from '../layer.js'

/**
 * Leapfrog (Verlet): Y[j+1] = 2 Y[j] - Y[j-1] - h^2 K' s(K Y[j] + b).  Second order, symplectic, two-step.
 * Not the "leapfrog/midpoint" rule of some ODE libraries, which is `midpoint` here.
 * Chang et al. 2018, section 3.3, eq. 16-17.
 *
 * Computed in the summed form V -= h^2 K' s(K Y + b);  Y += V  with V = Y[j] - Y[j-1] (Henrici 1962): the same states, but
 * 2 Y[j] - Y[j-1] rounds the small difference of two large states at every step, so that the error of undoing n steps grows
 * as n^1.5 instead of n^0.5.
 */
export const leapfrog: Dynamics = {
  id: 'leapfrog',
  label: 'Leapfrog',
  summary: 'A two-step (Verlet) discretisation of a second-order equation with a symmetric layer as force.',
  source: 'Chang et al. 2018, section "Leapfrog network"',
  diagram: { lanes: ['V', 'Y'], forces: ['Kᵀ σ K'] },
  layersPerUnit: 2,
  mapsPerKernel: 2,
  channelMultiple: 1,
  widening: 'between',
  norms: 'optional',
  dense: true,
  reversible: true,
  twoStep: true,
  parameters: (unit) => layerParameters('', unit.channels, unit),
  forceForm: 'symmetric',
  smoothKernels: ['kernel'],
  open: (x, { start }) => [start === 'zero' ? x : zerosLike(x), x],
  close: ([, last]) => last,
  substeps: (h) => [
    { params: layerRoles(''), keep: 1, blend: 0, gain: -h * h },
    { params: {}, keep: 1, blend: 1, gain: 0 },
  ],
  force: symmetricLayer,
}
