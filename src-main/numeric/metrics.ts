import { argMax, cast, equal, mul, sum, tidy, type Tensor } from '@tensorflow/tfjs-core'
import { crossEntropy } from './losses.js'
import { infer } from './pass.js'
import type { Network } from './network.js'
import type { Named } from './tensors.js'

/** Sums over one batch in inference: correct predictions and cross-entropy (nats), to be divided by the number of images. */
export function evaluateBatch(
  network: Network,
  params: Named,
  statistics: Named,
  images: Tensor,
  labels: Tensor,
): { correct: Tensor; loss: Tensor } {
  return tidy(() => {
    const logits = infer(network, params, statistics, images)
    const correct = sum(cast(equal(argMax(logits, 1), labels), 'float32'))
    return { correct, loss: mul(crossEntropy(logits, labels), images.shape[0]!) }
  })
}
