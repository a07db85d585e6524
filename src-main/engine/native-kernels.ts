import type { Tensor, TensorInfo } from '@tensorflow/tfjs-core'
import { mul, scalar, tidy } from '@tensorflow/tfjs-core'
import type { Binding, OpAttribute } from './capture/binding.js'
import { string } from './capture/attributes.js'
import type { AttrValue } from './capture/graph-def.js'
import { FLOAT } from './capture/recorded-graph.js'
import { recorderOf } from './capture/recorder.js'
import { composedKernels, type TrainingKernels } from './training-kernels.js'

/** The part of tfjs-node's back end that reaches TensorFlow's operations by name; the package does not export the type. */
export interface NativeBackend {
  isUsingGpuDevice: boolean
  binding: Binding
  executeSingleOutput(name: string, attributes: OpAttribute[], inputs: TensorInfo[]): Tensor
}

const floatType = ({ binding }: NativeBackend): OpAttribute => ({ name: 'T', type: binding.TF_ATTR_TYPE, value: binding.TF_FLOAT })

const batchNormAttributes = (epsilon: number): Record<string, AttrValue> => ({
  T: { type: FLOAT },
  U: { type: FLOAT },
  epsilon: { f: epsilon },
  data_format: string('NHWC'),
  is_training: { b: true },
})

/**
 * TensorFlow's own kernels, each one call. Batch norm is composed, whose sums are the more exact ones, except in graphs with fused
 * kernels.
 */
export const nativeKernels: TrainingKernels = {
  reluGrad: (backend, dy, features) => {
    const native = backend as NativeBackend
    return native.executeSingleOutput('ReluGrad', [floatType(native)], [dy, features])
  },
  biasAddGrad: (backend, dy) => {
    const native = backend as NativeBackend
    const format = { name: 'data_format', type: native.binding.TF_ATTR_STRING, value: 'NHWC' }
    return native.executeSingleOutput('BiasAddGrad', [floatType(native), format], [dy])
  },
  batchNorm: (backend, x, gamma, beta, epsilon) => {
    const recorder = recorderOf(backend)
    if (!recorder?.fused) return composedKernels.batchNorm(backend, x, gamma, beta, epsilon)
    const count = x.size / x.shape.at(-1)!
    return tidy(() => {
      // In training mode the last two inputs, running statistics, are not read.
      const node = { op: 'FusedBatchNormV3', attributes: batchNormAttributes(epsilon), inputs: [x, gamma, beta, gamma, gamma] }
      const [y, mean, unbiased, ...reserve] = recorder.replace(node, () => {
        const [value, average, biased] = composedKernels.batchNorm(backend, x, gamma, beta, epsilon) as [Tensor, Tensor, Tensor]
        return [value, average, mul(biased, count / (count - 1)), mul(average, 1), mul(biased, 1), scalar(0)]
      })
      return [y!, mean!, mul(unbiased!, (count - 1) / count), ...reserve]
    })
  },
  batchNormGrad: (backend, dy, x, gamma, reserve, epsilon) => {
    const composed = (): Tensor[] => composedKernels.batchNormGrad(backend, dy, x, gamma, reserve, epsilon) as Tensor[]
    const inputs = [dy, x, gamma, ...reserve]
    const node = { op: 'FusedBatchNormGradV3', attributes: batchNormAttributes(epsilon), inputs }
    const recorder = recorderOf(backend)
    return recorder?.fused ? recorder.replace(node, composed) : composed()
  },
}
