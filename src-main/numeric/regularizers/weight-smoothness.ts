import { mul, slice, square, sub, sum } from '@tensorflow/tfjs-core'
import type { Regularizer } from '../regularizers.js'

/**
 * Penalty on the change of kernels from unit to unit of a stage. Chang et al. 2018, eq. 19, writes a h sum |(K[j+1] - K[j]) / h|^2
 * (`paper`); the authors' code uses a/2 sum |K[j+1] - K[j]|^2 (`authors`).
 */
export const weightSmoothness: Regularizer = {
  id: 'weightSmoothness',
  reads: ({ smooth, names }, config) => config.smoothness !== 0 && smooth && names.length > 1,
  penalty: (stack, { smoothness, smoothnessForm, h }) => {
    const [units, ...shape] = stack.shape as [number, ...number[]]
    const origin = shape.map(() => 0)
    const changes = sub(slice(stack, [1, ...origin], [units - 1, ...shape]), slice(stack, [0, ...origin], [units - 1, ...shape]))
    return mul(sum(square(changes)), smoothnessForm === 'paper' ? smoothness / h : smoothness / 2)
  },
}
