import { addN, mul, square, sub, sum } from '@tensorflow/tfjs-core'
import type { Regularizer } from '../regularizers.js'

/**
 * Penalty on the change of kernels from unit to unit of a stage. Chang et al. 2018, eq. 19, writes a h sum |(K[j+1] - K[j]) / h|^2
 * (`paper`); the authors' code uses a/2 sum |K[j+1] - K[j]|^2 (`authors`).
 */
export const weightSmoothness: Regularizer = {
  id: 'weightSmoothness',
  reads: ({ smoothChains }, config) => (config.smoothness === 0 ? [] : smoothChains.filter((chain) => chain.length > 1).flat()),
  penalty: ({ smoothChains }, params, { smoothness, smoothnessForm, h }) => {
    const changes = smoothChains.flatMap((chain) => chain.slice(1).map((name, at) => sum(square(sub(params[name]!, params[chain[at]!]!)))))
    return mul(addN(changes), smoothnessForm === 'paper' ? smoothness / h : smoothness / 2)
  },
}
