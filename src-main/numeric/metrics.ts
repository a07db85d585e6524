import { argMax, cast, equal, mul, sum, tidy, type Tensor } from '@tensorflow/tfjs-core'
import { crossEntropies } from './losses.js'
import { infer } from './pass.js'
import type { Network } from './network.js'
import type { Named } from './tensors.js'

/** Images to evaluate together. Batches are filled up to one size, so that one graph serves them all. */
export interface EvaluationBatch {
  images: Tensor
  /** [batch] int32 */
  labels: Tensor
  /** [batch]: 1 for an image that counts, 0 for one that only fills up. */
  weights: Tensor
}

/** Sums over one batch in inference: correct predictions and cross-entropy (nats), to be divided by the number of images that count. */
export function evaluateBatch(
  network: Network,
  params: Named,
  statistics: Named,
  { images, labels, weights }: EvaluationBatch,
): { correct: Tensor; loss: Tensor } {
  return tidy(() => {
    const logits = infer(network, params, statistics, images)
    const correct = sum(mul(cast(equal(argMax(logits, 1), labels), 'float32'), weights))
    return { correct, loss: sum(mul(crossEntropies(logits, labels), weights)) }
  })
}
