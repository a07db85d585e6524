import { add, cast, logSoftmax, mean, mul, neg, oneHot, sum, type Tensor, type Tensor1D } from '@tensorflow/tfjs-core'

/**
 * Mean cross-entropy of logits [batch, classes] with labels [batch] (int32), in nats.
 * @param smoothing part of the target that is spread evenly over all classes (Szegedy et al. 2016, section 7)
 */
export function crossEntropy(logits: Tensor, labels: Tensor, smoothing = 0): Tensor {
  const classes = logits.shape[1]!
  const hot = cast(oneHot(labels as Tensor1D, classes), 'float32')
  // Not by oneHot's own values: those are integers.
  const target = smoothing === 0 ? hot : add(mul(hot, 1 - smoothing), smoothing / classes)
  return neg(mean(sum(mul(target, logSoftmax(logits)), 1)))
}
