import { add, customGrad, engine, mul, rsqrt, sub, tidy, type Tensor } from '@tensorflow/tfjs-core'

/** Added to the variance before taking the square root. */
const BATCH_NORM_EPSILON = 1e-5
/** running = MOMENTUM * running + (1 - MOMENTUM) * batch, with the biased variance. */
export const BATCH_NORM_MOMENTUM = 0.9

/** gamma (x - mean) / sqrt(variance + eps) + beta, with statistics that do not depend on x (inference). */
export function normalise(x: Tensor, gamma: Tensor, beta: Tensor, average: Tensor, variance: Tensor): Tensor {
  return tidy(() => {
    const scale = mul(gamma, rsqrt(add(variance, BATCH_NORM_EPSILON)))
    return add(mul(x, scale), sub(beta, mul(average, scale)))
  })
}

/**
 * Batch normalisation with the statistics of this batch (Ioffe & Szegedy 2015, algorithm 1). Value and gradient are kernels of the engine,
 * called by name: one pass over x each, whereas the tape would keep four arrays as large as x.
 * @param x [batch, height, width, channels]
 * @param record receives mean and biased variance of the batch; absent in a recomputation, so that running statistics are updated once per
 *   step
 */
export function batchNorm(x: Tensor, gamma: Tensor, beta: Tensor, record?: (average: Tensor, variance: Tensor) => void): Tensor {
  const epsilon = BATCH_NORM_EPSILON
  return customGrad((...inputs: (Tensor | ((tensors: Tensor[]) => void))[]) => {
    const [input, scale, shift] = inputs as [Tensor, Tensor, Tensor]
    const save = inputs[3] as (tensors: Tensor[]) => void
    const attributes = { epsilon, again: record === undefined }
    const outputs = engine().runKernel('BatchNormTraining', { x: input, gamma: scale, beta: shift }, attributes) as unknown as Tensor[]
    const [value, average, variance, ...reserve] = outputs as [Tensor, Tensor, Tensor, Tensor, Tensor, Tensor]
    record?.(average, variance)
    save([input, scale, ...reserve])
    return {
      value,
      gradFunc: (dy: Tensor, saved: Tensor[]) => {
        const [held, gain, reserve0, reserve1, reserve2] = saved as [Tensor, Tensor, Tensor, Tensor, Tensor]
        const tensors = { dy, x: held, gamma: gain, reserve0, reserve1, reserve2 }
        return engine().runKernel('BatchNormTrainingGrad', tensors, { epsilon }) as unknown as Tensor[]
      },
    }
  })(x, gamma, beta) as Tensor
}
