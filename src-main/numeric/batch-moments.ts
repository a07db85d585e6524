import { add, clone, keep, mean, moments, stack, tidy, type Tensor } from '@tensorflow/tfjs-core'
import type { Network } from './network.js'
import { forward } from './pass.js'
import { release, type Named } from './tensors.js'

/**
 * The statistics that every batch norm computes for one batch in training mode, with a forward pass only: mean and biased variance by the
 * names of the running statistics, which are not changed; for a norm that is evaluated more than once, those of all its evaluations
 * combined. The caller owns the tensors.
 * @param statistics the running ones
 * @param x a batch as in training: the inputs of deeper layers depend on the statistics of this batch
 */
export function batchMoments(network: Network, params: Named, statistics: Named, x: Tensor): Named {
  const seen = new Map<string, { averages: Tensor[]; variances: Tensor[] }>()
  const observe = (norm: string, average: Tensor, variance: Tensor): void => {
    const { averages, variances } = seen.get(norm) ?? { averages: [], variances: [] }
    seen.set(norm, { averages: [...averages, keep(clone(average))], variances: [...variances, keep(clone(variance))] })
  }
  forward({ network, params, statistics, training: true, moved: new Map(), observe }, x).dispose()
  const pooled = [...seen].map(([norm, { averages, variances }]) => {
    if (averages.length === 1) return [norm, averages[0]!, variances[0]!] as const
    const [average, variance] = tidy(() => {
      const { mean: centre, variance: between } = moments(stack(averages), 0)
      return [centre, add(mean(stack(variances), 0), between)] as [Tensor, Tensor]
    })
    release([...averages, ...variances])
    return [norm, average, variance] as const
  })
  return Object.fromEntries(
    pooled.flatMap(([norm, average, variance]) => [
      [`${norm}/mean`, average],
      [`${norm}/variance`, variance],
    ]),
  )
}
