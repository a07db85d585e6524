import { mul, square, sum } from '@tensorflow/tfjs-core'
import type { ParameterGroup } from '../network.js'
import { findOptimizer } from '../optimizers.js'
import type { Regularizer } from '../regularizers.js'

/** Weight decay applies to trained convolution and dense kernels, but not to biases and norms. */
export const decays = ({ kind, fixed }: Pick<ParameterGroup, 'kind' | 'fixed'>): boolean =>
  !fixed && (kind === 'kernel' || kind === 'dense')

/** wd/2 sum |w|^2 over convolution and dense kernels, unless the optimizer decouples the decay. */
export const weightDecay: Regularizer = {
  id: 'weightDecay',
  reads: (group, config) => config.weightDecay !== 0 && decays(group) && !findOptimizer(config.optimizer).decouplesDecay,
  penalty: (stack, config) => mul(sum(square(stack)), config.weightDecay / 2),
}
