import { mul, square, sum } from '@tensorflow/tfjs-core'
import type { Regularizer } from '../regularizers.js'

/** wd/2 sum |w|^2 over convolution and dense kernels. */
export const weightDecay: Regularizer = {
  id: 'weightDecay',
  reads: ({ kind }, config) => config.weightDecay !== 0 && (kind === 'kernel' || kind === 'dense'),
  penalty: (stack, config) => mul(sum(square(stack)), config.weightDecay / 2),
}
