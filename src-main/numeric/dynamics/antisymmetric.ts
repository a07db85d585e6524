import { mul, sub, type Tensor } from '@tensorflow/tfjs-core'
import { z } from 'zod'
import { field } from '../../contract/config.js'
import type { Dynamics } from '../dynamics.js'
import { activatedLayer, layerParameters, layerRoles } from '../layer.js'
import { ONE_STATE } from '../one-state.js'

/**
 * Antisymmetric Euler: Y[j+1] = Y[j] + h s(A Y[j] + b) with A = (K - K' - gamma I) / 2, whose eigenvalues are -gamma/2 +- i omega. Forward
 * Euler is stable for them iff h <= gamma / (gamma^2/4 + omega_max^2): never if gamma = 0. Haber & Ruthotto 2017, "Stable architectures for
 * deep neural networks", section 3.
 */
export const antisymmetric: Dynamics = {
  id: 'antisymmetric',
  label: 'Antisymmetric',
  summary: 'Forward Euler with a damped antisymmetric layer, whose eigenvalues lie on or to the left of the imaginary axis.',
  source: 'Haber & Ruthotto 2017, "Stable architectures for deep neural networks", section 3',
  diagram: { forces: ['σ ½(K − Kᵀ − γ)'] },
  ...ONE_STATE,
  layersPerUnit: 2,
  mapsPerKernel: 1,
  widening: 'between',
  norms: 'none',
  dense: true,
  options: {
    damping: field(z.number().min(0).max(100).default(0), {
      group: 'Network',
      label: 'Damping γ',
      help: 'Shifts the eigenvalues of every layer left of the imaginary axis by γ/2. Forward Euler needs some damping to be stable; too much makes the network forget its input.',
      source: 'Haber and Ruthotto 2017, section 3; their published code (Meganet.m) uses 1e-4',
    }),
  },
  parameters: (unit) => layerParameters('', unit.channels, unit),
  smoothKernels: ['kernel'],
  substeps: (h) => [{ params: layerRoles(''), keep: 0, blend: 1, gain: h }],
  force(state, params, ctx) {
    // The kernel is halved instead of the result, because it is smaller than a state.
    const { apply } = ctx.linear.antisymmetric(mul(params['kernel']!, 0.5))
    const damping = ctx.options['damping'] as number
    const damped = damping === 0 ? apply : (y: Tensor): Tensor => sub(apply(y), mul(y, damping / 2))
    return activatedLayer(damped, state, params, ctx)
  },
}
