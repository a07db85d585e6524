import { concat, split } from '@tensorflow/tfjs-core'
import type { Dynamics } from '../dynamics.js'
import { layerParameters, layerRoles, symmetricLayer } from '../layer.js'

/**
 * Hamiltonian: Y += h K1' s(K1 Z + b1);  Z -= h K2' s(K2 Y + b2), channels split in Y and Z.  Symplectic Euler (Verlet in this split form).
 * Chang et al. 2018, section 3.1, eq. 12-13.
 */
export const hamiltonian: Dynamics = {
  id: 'hamiltonian',
  label: 'Hamiltonian',
  summary: 'Two halves of the channels update each other through symmetric layers, like position and momentum.',
  source: 'Chang et al. 2018, section "Two-layer Hamiltonian network"',
  diagram: { forces: ['K₁ᵀ σ K₁', 'K₂ᵀ σ K₂'] },
  layersPerUnit: 4,
  mapsPerKernel: 2,
  channelMultiple: 2,
  widening: 'between',
  norms: 'optional',
  dense: true,
  reversible: true,
  twoStep: false,
  parameters: (unit) => ({ ...layerParameters('1', unit.channels / 2, unit), ...layerParameters('2', unit.channels / 2, unit) }),
  forceForm: 'symmetric',
  smoothKernels: ['kernel1', 'kernel2'],
  open: (x) => split(x, 2, -1) as [typeof x, typeof x],
  close: (pair) => concat([...pair], -1),
  substeps: (h) => [
    { params: layerRoles('1'), keep: 1, blend: 0, gain: h },
    { params: layerRoles('2'), keep: 1, blend: 0, gain: -h },
  ],
  force: symmetricLayer,
}
