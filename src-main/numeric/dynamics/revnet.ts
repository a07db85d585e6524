import { concat, split } from '@tensorflow/tfjs-core'
import type { Dynamics } from '../dynamics.js'
import { branch, branchParameters, branchRoles } from '../preactivation.js'

/**
 * RevNet: Y1 = X1 + F(X2);  Y2 = X2 + G(Y1), channels split in two, F and G pre-activation branches. The first unit of a later stage widens
 * and is not reversible: its input is stored.  Gomez et al. 2017, section 3.
 */
export const revnet: Dynamics = {
  id: 'revnet',
  label: 'RevNet',
  summary: 'Additive coupling of two halves of the channels through pre-activation residual branches.',
  source: 'Gomez et al. 2017, "The reversible residual network"',
  diagram: { forces: ['F', 'G'] },
  layersPerUnit: 4,
  mapsPerKernel: 1,
  channelMultiple: 2,
  widening: 'unit',
  norms: 'always',
  dense: false,
  reversible: true,
  twoStep: false,
  parameters: (unit) => ({
    ...branchParameters('f/', unit.inChannels / 2, unit.channels / 2, unit),
    ...branchParameters('g/', unit.channels / 2, unit.channels / 2, unit),
  }),
  smoothKernels: [],
  open: (x) => split(x, 2, -1) as [typeof x, typeof x],
  close: (pair) => concat([...pair], -1),
  substeps: () => [
    { params: branchRoles('f/'), keep: 1, blend: 0, gain: 1 },
    { params: branchRoles('g/'), keep: 1, blend: 0, gain: 1 },
  ],
  force: branch,
}
