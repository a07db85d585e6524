import { add, customGrad, mul, rsqrt, square, sub, tidy, type Tensor } from '@tensorflow/tfjs-core'
import { channelSum } from './channel-sum.js'

/** Added to the variance under the root. */
export const BATCH_NORM_EPSILON = 1e-5
/** running = MOMENTUM * running + (1 - MOMENTUM) * batch, with the biased variance. */
export const BATCH_NORM_MOMENTUM = 0.9

/** Mean and biased variance of each channel (last axis), shape [channels]. */
export function channelMoments(x: Tensor): { mean: Tensor; variance: Tensor } {
  const share = x.shape[x.rank - 1]! / x.size
  const average = tidy(() => mul(channelSum(x), share))
  return { mean: average, variance: tidy(() => mul(channelSum(square(sub(x, average))), share)) }
}

/** gamma (x - mean) / sqrt(variance + eps) + beta, with statistics that do not depend on x (inference). */
export function normalise(x: Tensor, gamma: Tensor, beta: Tensor, average: Tensor, variance: Tensor): Tensor {
  return tidy(() => {
    const scale = mul(gamma, rsqrt(add(variance, BATCH_NORM_EPSILON)))
    return add(mul(x, scale), sub(beta, mul(average, scale)))
  })
}

/**
 * Batch normalisation with the statistics of this batch (Ioffe & Szegedy 2015, algorithm 1), differentiated by the closed form
 *   dx = gamma / sqrt(v + eps) * (dy - mean(dy) - x^ mean(dy x^)),  x^ = (x - mean) / sqrt(v + eps),
 * which needs x and two vectors where the tape would hold four arrays as large as x.
 * @param record receives mean and variance of the batch; absent in a recomputation, so that running statistics move once a step
 */
export function batchNorm(x: Tensor, gamma: Tensor, beta: Tensor, record?: (average: Tensor, variance: Tensor) => void): Tensor {
  const count = x.size / x.shape[x.rank - 1]!
  return customGrad((...inputs: (Tensor | ((tensors: Tensor[]) => void))[]) => {
    const [input, scale, shift] = inputs as [Tensor, Tensor, Tensor]
    const save = inputs[3] as (tensors: Tensor[]) => void
    const { mean: average, variance } = channelMoments(input)
    record?.(average, variance)
    save([input, scale, average, variance])
    return {
      value: normalise(input, scale, shift, average, variance),
      gradFunc: (dy: Tensor, saved: Tensor[]) => {
        const [held, gain, m, v] = saved as [Tensor, Tensor, Tensor, Tensor]
        return tidy(() => {
          const deviation = rsqrt(add(v, BATCH_NORM_EPSILON))
          const standard = mul(sub(held, m), deviation)
          const dBeta = channelSum(dy)
          const dGamma = channelSum(mul(dy, standard))
          const centred = sub(sub(dy, mul(dBeta, 1 / count)), mul(standard, mul(dGamma, 1 / count)))
          return [mul(centred, mul(gain, deviation)), dGamma, dBeta]
        })
      },
    }
  })(x, gamma, beta) as Tensor
}
