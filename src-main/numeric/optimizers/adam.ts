import { add, div, mul, pow, scalar, sqrt, square, sub } from '@tensorflow/tfjs-core'
import type { Optimizer } from '../optimizers.js'

const BETA_1 = 0.9
const BETA_2 = 0.999
const EPSILON = 1e-8

/** Adam with bias correction (Kingma & Ba 2015, algorithm 1); its beta1, beta2 and epsilon are the paper's. */
export const adam: Optimizer = {
  id: 'adam',
  slots: ['mean', 'square'],
  update(weight, gradient, [mean, squares], { learningRate, update }) {
    const m = add(mul(mean!, BETA_1), mul(gradient, 1 - BETA_1))
    const v = add(mul(squares!, BETA_2), mul(square(gradient), 1 - BETA_2))
    const corrected = div(m, sub(1, pow(scalar(BETA_1), update)))
    const scale = add(sqrt(div(v, sub(1, pow(scalar(BETA_2), update)))), EPSILON)
    return { weight: sub(weight, mul(learningRate, div(corrected, scale))), slots: [m, v] }
  },
}
