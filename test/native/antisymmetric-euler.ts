import { add, mul, norm, sub, tidy, type Tensor } from '@tensorflow/tfjs-core'
import type { Dynamics } from '../../src-main/numeric/dynamics.js'
import { activatedLayer, layerParameters, layerRoles } from '../../src-main/numeric/layer.js'

const ITERATIONS = 60

/**
 * Antisymmetric forward Euler: Y[j+1] = Y[j] + h s((K - K') Y[j] + b), inverted by the fixed-point iteration Y = Y[j+1] - h f(Y), a
 * contraction for small h. Haber & Ruthotto 2017, "Stable architectures for deep neural networks", section 3.1. Not shipped: it shows that
 * a scheme outside the paper, which is not algebraically reversible, takes a single file.
 */
export const antisymmetricEuler: Dynamics = {
  id: 'antisymmetric-euler',
  label: 'Antisymmetric Euler',
  summary: 'Forward Euler on an antisymmetric layer, reversed by fixed-point iteration.',
  source: 'Haber & Ruthotto 2017, section 3.1',
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
  open: (x) => [x, x],
  close: ([, last]) => last,
  substeps: (h) => [{ params: layerRoles(''), keep: 0, blend: 1, gain: h }],
  force: (state, params, ctx) => activatedLayer(ctx.linear.antisymmetric(params['kernel']!).apply, state, params, ctx),
  solvePrevious(current: Tensor, advance: (state: Tensor) => Tensor): Tensor {
    let state = current
    for (let iteration = 0; iteration < ITERATIONS; iteration++) {
      const guess = state
      state = tidy(() => add(guess, sub(current, advance(guess))))
      const change = tidy(() => norm(sub(state, guess)).dataSync()[0]!)
      if (guess !== current) guess.dispose()
      if (change === 0) break
    }
    return tidy(() => mul(state, 1))
  },
}
