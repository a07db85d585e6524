import type { Dynamics } from '../dynamics.js'
import { branch, branchParameters, branchRoles } from '../preactivation.js'
import { ONE_STATE } from '../one-state.js'

/**
 * Pre-activation ResNet: Y[j+1] = Y[j] + F(Y[j]).  Forward Euler of the same form; Y[j] cannot be recovered from Y[j+1],
 * so only stored backpropagation exists.  He et al. 2016, "Identity mappings in deep residual networks".
 */
export const resnet: Dynamics = {
  id: 'resnet',
  label: 'ResNet',
  summary: 'The pre-activation residual network: a forward Euler scheme. Not reversible, so all activations are stored.',
  source: 'He et al. 2016, "Identity mappings in deep residual networks"',
  ...ONE_STATE,
  layersPerUnit: 2,
  mapsPerKernel: 1,
  widening: 'unit',
  norms: 'always',
  dense: false,
  parameters: (unit) => branchParameters('', unit.inChannels, unit.channels, unit),
  smoothKernels: [],
  substeps: () => [{ params: branchRoles(''), keep: 0, blend: 1, gain: 1 }],
  force: branch,
}
