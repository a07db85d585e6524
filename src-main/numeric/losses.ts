import { add, cast, logSoftmax, mean, mul, neg, oneHot, sum, type Tensor, type Tensor1D } from '@tensorflow/tfjs-core'

/**
 * Cross-entropy of each row of logits [batch, classes] with its label [batch] (int32), in nats: [batch].
 * @param smoothing fraction of the target that is distributed evenly over all classes (Szegedy et al. 2016, section 7)
 */
export function crossEntropies(logits: Tensor, labels: Tensor, smoothing = 0): Tensor {
  const classes = logits.shape[1]!
  const hot = cast(oneHot(labels as Tensor1D, classes), 'float32')
  // Computed from the one-hot tensor rather than with oneHot's own on and off values, which are integers.
  const target = smoothing === 0 ? hot : add(mul(hot, 1 - smoothing), smoothing / classes)
  return neg(sum(mul(target, logSoftmax(logits)), 1))
}

/** Mean of `crossEntropies` over the batch. */
export const crossEntropy = (logits: Tensor, labels: Tensor, smoothing = 0): Tensor => mean(crossEntropies(logits, labels, smoothing))
