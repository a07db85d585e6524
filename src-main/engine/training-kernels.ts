import {
  engine,
  registerGradient,
  registerKernel,
  unregisterGradient,
  type NamedTensorMap,
  type Tensor,
  type TensorInfo,
} from '@tensorflow/tfjs-core'
import * as core from '@tensorflow/tfjs-core'

/** The names of these kernels: `engine().runKernel(RELU_GRAD, { dy, features })`. */
export const RELU_GRAD = 'ReluGrad'
export const BIAS_ADD_GRAD = 'BiasAddGrad'
export const BATCH_NORM = 'BatchNormTraining'
export const BATCH_NORM_GRAD = 'BatchNormTrainingGrad'
export const UNIFORM_AT = 'UniformAt'

/** What the gradient of a batch norm needs from its evaluation; its meaning depends on the back end. */
export type Reserve = [Tensor, Tensor, Tensor]

export interface BatchNormOptions {
  epsilon: number
  /** Whether this recomputes an evaluation with the same parameters on the same state, up to rounding. */
  again: boolean
}

export interface UniformOptions {
  /** int32; each seed gives a sequence of its own. */
  seed: number
  shape: number[]
  /** Draws the numbers in JavaScript, for back ends without stateless random numbers. */
  draw(at: number): Float32Array
}

/** A back end's implementation of kernels that tfjs lacks. Called inside a kernel, so that its operations are not recorded on the tape. */
export interface TrainingKernels {
  /** dy where features > 0, otherwise 0; features are the input or the output of the ReLU, all of the same shape. */
  reluGrad(backend: unknown, dy: Tensor, features: Tensor): TensorInfo
  /** Sum of dy [..., C] over all axes but the last: [C]. */
  biasAddGrad(backend: unknown, dy: Tensor): TensorInfo
  /**
   * Normalises each channel of x [N,H,W,C] by its mean and biased variance over this batch.
   * @returns [gamma (x - mean) / sqrt(variance + epsilon) + beta, mean [C], biased variance [C], ...reserve]
   */
  batchNorm(backend: unknown, x: Tensor, gamma: Tensor, beta: Tensor, options: BatchNormOptions): TensorInfo[]
  /** Gradients of a batch norm for [x, gamma, beta]. */
  batchNormGrad(backend: unknown, dy: Tensor, x: Tensor, gamma: Tensor, reserve: Reserve, epsilon: number): TensorInfo[]
  /** Numbers in [0, 1) determined by the seed and `at`, an int32 scalar. Different engines give different numbers. */
  uniformAt(backend: unknown, at: Tensor, options: UniformOptions): TensorInfo
}

/** The same composed of operations that every back end has. */
export const composedKernels: TrainingKernels = {
  reluGrad: (_backend, dy, features) => core.tidy(() => core.mul(dy, core.step(features))),
  biasAddGrad: (_backend, dy) => core.tidy(() => core.sum(core.reshape(dy, [-1, dy.shape.at(-1) ?? 1]), 0)),
  batchNorm: (_backend, x, gamma, beta, { epsilon }) =>
    core.tidy(() => {
      const share = x.shape.at(-1)! / x.size
      const mean = core.mul(channelSum(x), share)
      const variance = core.mul(channelSum(core.square(core.sub(x, mean))), share)
      const scale = core.mul(gamma, core.rsqrt(core.add(variance, epsilon)))
      const y = core.add(core.mul(x, scale), core.sub(beta, core.mul(mean, scale)))
      return [y, mean, variance, core.clone(mean), core.clone(variance), core.scalar(0)]
    }),
  // dx = gamma / sqrt(v + eps) * (dy - mean(dy) - x^ mean(dy x^)) with x^ = (x - mean) / sqrt(v + eps).
  batchNormGrad: (_backend, dy, x, gamma, [mean, variance], epsilon) =>
    core.tidy(() => {
      const share = x.shape.at(-1)! / x.size
      const deviation = core.rsqrt(core.add(variance, epsilon))
      const standard = core.mul(core.sub(x, mean), deviation)
      const beta = channelSum(dy)
      const scale = channelSum(core.mul(dy, standard))
      const centred = core.sub(core.sub(dy, core.mul(beta, share)), core.mul(standard, core.mul(scale, share)))
      return [core.mul(centred, core.mul(gamma, deviation)), scale, beta]
    }),
  uniformAt: (_backend, at, { shape, draw }) => core.tensor(draw(at.dataSync()[0]!), shape),
}

/** Sum over every axis but the last, one axis at a time, because float32 loses accuracy with the number of terms in one sum. */
function channelSum(x: Tensor): Tensor {
  let partial = x
  for (let axis = x.rank - 2; axis >= 0; axis--) partial = core.sum(partial, axis)
  return partial
}

const run = (name: string, inputs: NamedTensorMap): Tensor => engine().runKernel(name, inputs) as Tensor

/**
 * Registers ReluGrad and BiasAddGrad for a back end, and makes the tape use ReluGrad for ReLU: it keeps the output, which the next
 * operation keeps anyway, instead of the input, and takes one pass instead of two. Both have gradients themselves, so that second
 * derivatives still work. Repeated calls have no effect.
 */
export function registerTrainingKernels(backendName: string, kernels: TrainingKernels = composedKernels): void {
  registerKernels(backendName, kernels)
  // tfjs's plain back end exists in both engines, and the gradient of ReLU must not fail on it.
  registerKernels('cpu', composedKernels)
  if (core.getGradient(RELU_GRAD) !== undefined) return
  registerGradient({
    kernelName: RELU_GRAD,
    inputsToSave: ['dy', 'features'],
    gradFunc: (ddx, [dy, features]) => ({
      dy: () => run(RELU_GRAD, { dy: ddx as Tensor, features: features as Tensor }),
      features: () => core.zerosLike(dy as Tensor),
    }),
  })
  registerGradient({
    kernelName: BIAS_ADD_GRAD,
    inputsToSave: ['dy'],
    gradFunc: (ddb, [dy]) => ({ dy: () => core.add(core.zerosLike(dy as Tensor), ddb as Tensor) }),
  })
  // Linear in dy, so that its gradient is the pooling itself; tfjs does not define it.
  registerGradient({
    kernelName: core.AvgPoolGrad,
    inputsToSave: ['dy', 'input'],
    gradFunc: (ddx, [, input], attrs) => ({
      dy: () => core.engine().runKernel(core.AvgPool, { x: ddx as Tensor }, attrs) as Tensor,
      input: () => core.zerosLike(input as Tensor),
    }),
  })
  registerGradient({
    kernelName: core.EluGrad,
    inputsToSave: ['dy', 'y'],
    gradFunc: (ddx, [dy, y]) => ({
      dy: () => run(core.EluGrad, { dy: ddx as Tensor, y: y as Tensor }),
      y: () => core.mul(core.mul(ddx as Tensor, dy as Tensor), core.cast(core.less(y as Tensor, 0), 'float32')),
    }),
  })
  unregisterGradient(core.Relu)
  registerGradient({
    kernelName: core.Relu,
    outputsToSave: [true],
    gradFunc: (dy, [y]) => ({ x: () => run(RELU_GRAD, { dy: dy as Tensor, features: y as Tensor }) }),
  })
}

function registerKernels(backendName: string, kernels: TrainingKernels): void {
  if (core.getKernel(RELU_GRAD, backendName) !== undefined) return
  registerKernel({
    kernelName: RELU_GRAD,
    backendName,
    kernelFunc: ({ inputs, backend }) => kernels.reluGrad(backend, inputs.dy as Tensor, inputs.features as Tensor),
  })
  registerKernel({
    kernelName: BIAS_ADD_GRAD,
    backendName,
    kernelFunc: ({ inputs, backend }) => kernels.biasAddGrad(backend, inputs.dy as Tensor),
  })
  registerKernel({
    kernelName: BATCH_NORM,
    backendName,
    kernelFunc: ({ inputs: { x, gamma, beta }, attrs, backend }) =>
      kernels.batchNorm(backend, x as Tensor, gamma as Tensor, beta as Tensor, attrs as unknown as BatchNormOptions),
  })
  registerKernel({
    kernelName: UNIFORM_AT,
    backendName,
    kernelFunc: ({ inputs, attrs, backend }) => kernels.uniformAt(backend, inputs.at as Tensor, attrs as unknown as UniformOptions),
  })
  registerKernel({
    kernelName: BATCH_NORM_GRAD,
    backendName,
    kernelFunc: ({ inputs: { dy, x, gamma, reserve0, reserve1, reserve2 }, attrs, backend }) => {
      const reserve = [reserve0, reserve1, reserve2] as Reserve
      return kernels.batchNormGrad(backend, dy as Tensor, x as Tensor, gamma as Tensor, reserve, attrs!.epsilon as number)
    },
  })
}
