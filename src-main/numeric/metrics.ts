import { argMax, cast, equal, exp, logSoftmax, max, mul, sum, tidy, type Tensor } from '@tensorflow/tfjs-core'
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

/**
 * One batch in inference. Sums over it: correct predictions and cross-entropy (nats), to be divided by the number of images that count.
 * Of each image: the predicted class [batch] (int32) and its probability [batch].
 */
export function evaluateBatch(
  network: Network,
  params: Named,
  statistics: Named,
  { images, labels, weights }: EvaluationBatch,
): { correct: Tensor; loss: Tensor; predicted: Tensor; confidence: Tensor } {
  return tidy(() => {
    const logits = infer(network, params, statistics, images)
    const predicted = argMax(logits, 1)
    const correct = sum(mul(cast(equal(predicted, labels), 'float32'), weights))
    const confidence = exp(max(logSoftmax(logits), 1))
    return { correct, loss: sum(mul(crossEntropies(logits, labels), weights)), predicted, confidence }
  })
}
