import { argMax, cast, equal, exp, logSoftmax, max, mul, sum, tidy, type Tensor } from '@tensorflow/tfjs-core'
import { crossEntropies } from './losses.js'
import { infer } from './pass.js'
import type { Network } from './network.js'
import type { Named } from './tensors.js'

/** Images to evaluate together. Batches are padded to one size, so that a single graph serves all of them. */
export interface EvaluationBatch {
  images: Tensor
  /** [batch] int32 */
  labels: Tensor
  /** [batch]: 1 for an image that counts, 0 for padding. */
  weights: Tensor
}

/** Class probabilities [batch, classes] in inference mode, from the same logits as in `evaluateBatch`. */
export const probabilities = (network: Network, params: Named, statistics: Named, images: Tensor): Tensor =>
  tidy(() => exp(logSoftmax(infer(network, params, statistics, images))))

/**
 * Evaluates one batch in inference mode. Sums over the batch: correct predictions and cross-entropy (nats), to be divided by the number of
 * images that count. Per image: the predicted class [batch] (int32) and its probability [batch].
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
