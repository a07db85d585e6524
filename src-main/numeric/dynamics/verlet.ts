import { zerosLike } from '@tensorflow/tfjs-core'
import type { Dynamics } from '../dynamics.js'
import { activatedLayer, layerParameters, layerRoles } from '../layer.js'

/**
 * Verlet: Z -= h s(K' Y + b);  Y += h s(K Z + b), with Z = 0 at the start of each stage and one kernel and one bias for both substeps. Each
 * substep is a shear, so that it is reversible and preserves volume; but s(K Z + b) is not the gradient of a potential, so that it is not
 * symplectic and conserves no energy ("Hamiltonian inspired"). Linear layers are stable for h sigma_max(K) < 2. Haber & Ruthotto 2017,
 * "Stable architectures for deep neural networks", section 3.
 */
export const verlet: Dynamics = {
  id: 'verlet',
  label: 'Verlet',
  summary: 'The state and an auxiliary variable update each other through one kernel and its transpose.',
  source: 'Haber & Ruthotto 2017, "Stable architectures for deep neural networks", section 3',
  diagram: { lanes: ['Z', 'Y'], forces: ['σ Kᵀ', 'σ K'] },
  layersPerUnit: 2,
  mapsPerKernel: 1,
  channelMultiple: 1,
  widening: 'between',
  norms: 'none',
  dense: true,
  reversible: true,
  twoStep: false,
  parameters: (unit) => layerParameters('', unit.channels, unit),
  smoothKernels: ['kernel'],
  open: (x) => [zerosLike(x), x],
  close: ([, last]) => last,
  substeps: (h) => [
    { params: { adjointKernel: 'kernel', bias: 'bias' }, keep: 1, blend: 0, gain: -h },
    { params: layerRoles(''), keep: 1, blend: 0, gain: h },
  ],
  force(state, params, ctx) {
    const { adjointKernel, kernel } = params
    const apply = adjointKernel ? ctx.linear.map(adjointKernel).adjoint : ctx.linear.map(kernel!).apply
    return activatedLayer(apply, state, params, ctx)
  },
}
