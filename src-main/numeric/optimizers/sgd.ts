import { add, mul, sub } from '@tensorflow/tfjs-core'
import type { Optimizer } from '../optimizers.js'

/** Momentum SGD: v = m v + g;  w = w - lr v (Polyak 1964, in the form of PyTorch and TensorFlow). */
export const sgd: Optimizer = {
  id: 'sgd',
  slots: ['velocity'],
  // w' = (1 + m - lr c) w - m w_before: both roots are in the unit circle up to lr c = 2 (1 + m).
  stepLimit: (momentum) => 2 * (1 + momentum),
  update(weight, gradient, [velocity], { learningRate, momentum }) {
    const moved = add(mul(velocity!, momentum), gradient)
    return { weight: sub(weight, mul(moved, learningRate)), slots: [moved] }
  },
}
