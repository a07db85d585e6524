import { add, mul, sub } from '@tensorflow/tfjs-core'
import type { Optimizer } from '../optimizers.js'

/** Nesterov momentum: v = m v + g;  w = w - lr (g + m v) (Sutskever et al. 2013, in the form of PyTorch). */
export const nesterov: Optimizer = {
  id: 'nesterov',
  slots: ['velocity'],
  // w' = (1 + m) (1 - lr c) w - m (1 - lr c) w_before, which has the root -1 at lr c = 2 (1 + m) / (1 + 2 m).
  stepLimit: (momentum) => (2 * (1 + momentum)) / (1 + 2 * momentum),
  update(weight, gradient, [velocity], { learningRate, momentum }) {
    const moved = add(mul(velocity!, momentum), gradient)
    return { weight: sub(weight, mul(add(gradient, mul(moved, momentum)), learningRate)), slots: [moved] }
  },
}
