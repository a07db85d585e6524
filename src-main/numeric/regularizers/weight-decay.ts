import { addN, mul, square, sum } from '@tensorflow/tfjs-core'
import type { Regularizer } from '../regularizers.js'

/** wd/2 sum |w|^2 over convolution and dense kernels. */
export const weightDecay: Regularizer = {
  id: 'weightDecay',
  reads: ({ parameters }, config) =>
    config.weightDecay === 0 ? [] : parameters.filter(({ kind }) => kind === 'kernel' || kind === 'dense').map(({ name }) => name),
  penalty: (network, params, config) =>
    mul(addN(weightDecay.reads(network, config).map((name) => sum(square(params[name]!)))), config.weightDecay / 2),
}
