import { cast, logSoftmax, mean, mul, neg, oneHot, sum, type Tensor, type Tensor1D } from '@tensorflow/tfjs-core'

/**
 * Mean cross-entropy of logits [batch, classes] with labels [batch] (int32), in nats.
 * @param smoothing part of the target that is spread evenly over all classes (Szegedy et al. 2016, section 7)
 */
export function crossEntropy(logits: Tensor, labels: Tensor, smoothing = 0): Tensor {
  const classes = logits.shape[1]!
  const hot = cast(oneHot(labels as Tensor1D, classes, 1 - smoothing + smoothing / classes, smoothing / classes), 'float32')
  return neg(mean(sum(mul(hot, logSoftmax(logits)), 1)))
}
