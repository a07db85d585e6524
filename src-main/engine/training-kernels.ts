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

/** Names under which these kernels are run: `engine().runKernel(RELU_GRAD, { dy, features })`. */
export const RELU_GRAD = 'ReluGrad'
export const BIAS_ADD_GRAD = 'BiasAddGrad'

/** What a back end brings for kernels that tfjs does not have. Called inside a kernel: what they make is not on the tape. */
export interface TrainingKernels {
  /** dy where features > 0, else 0; features are the input or the output of the ReLU, all of one shape. */
  reluGrad(backend: unknown, dy: Tensor, features: Tensor): TensorInfo
  /** Sum of dy [..., C] over all axes but the last: [C]. */
  biasAddGrad(backend: unknown, dy: Tensor): TensorInfo
}

/** The same by operations that every back end has. */
export const composedKernels: TrainingKernels = {
  reluGrad: (_backend, dy, features) => core.tidy(() => core.mul(dy, core.step(features))),
  biasAddGrad: (_backend, dy) => core.tidy(() => core.sum(core.reshape(dy, [-1, dy.shape.at(-1) ?? 1]), 0)),
}

const run = (name: string, inputs: NamedTensorMap): Tensor => engine().runKernel(name, inputs) as Tensor

/**
 * Registers ReluGrad and BiasAddGrad for a back end, and makes the tape use ReluGrad for ReLU: it keeps the output, which the next
 * operation keeps anyway, instead of the input, and takes one pass instead of two. Both have gradients themselves, so that a second
 * derivative works as before. Calling it again changes nothing.
 */
export function registerTrainingKernels(backendName: string, kernels: TrainingKernels = composedKernels): void {
  registerKernels(backendName, kernels)
  // tfjs's plain back end is there in both engines; ReLU's gradient must not fail on it.
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
}
