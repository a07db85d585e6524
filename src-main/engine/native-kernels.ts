import type { Tensor, TensorInfo } from '@tensorflow/tfjs-core'
import { clone, mul, scalar, stack, tensor1d, tidy } from '@tensorflow/tfjs-core'
import type { Binding, OpAttribute } from './capture/binding.js'
import { string } from './capture/attributes.js'
import type { AttrValue } from './capture/graph-def.js'
import { FLOAT } from './capture/recorded-graph.js'
import { recorderOf } from './capture/recorder.js'
import { composedKernels, type TrainingKernels } from './training-kernels.js'

/** The part of tfjs-node's back end that calls TensorFlow's operations by name; the package does not export the type. */
export interface NativeBackend {
  isUsingGpuDevice: boolean
  binding: Binding
  executeSingleOutput(name: string, attributes: OpAttribute[], inputs: TensorInfo[]): Tensor
}

const floatType = ({ binding }: NativeBackend): OpAttribute => ({ name: 'T', type: binding.TF_ATTR_TYPE, value: binding.TF_FLOAT })

const batchNormAttributes = (epsilon: number, training = true): Record<string, AttrValue> => ({
  T: { type: FLOAT },
  U: { type: FLOAT },
  epsilon: { f: epsilon },
  data_format: string('NHWC'),
  is_training: { b: training },
})

/**
 * TensorFlow's own kernels, each as one call. Batch norm is composed of operations, whose sums are more accurate, except in graphs with
 * fused kernels. There, a norm that is recomputed with its reconstructed state reuses the statistics of its first evaluation: one pass over
 * the state instead of three, and the inverse undoes exactly what was done. Its gradient still goes through the statistics.
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
  batchNorm: (backend, x, gamma, beta, { epsilon, again }) => {
    const composed = (): Tensor[] => composedKernels.batchNorm(backend, x, gamma, beta, { epsilon, again }) as Tensor[]
    const recorder = recorderOf(backend)
    if (!recorder?.fused) return composed()
    return tidy(() => {
      const saved = again ? recorder.recall(gamma) : null
      const node = {
        op: 'FusedBatchNormV3',
        attributes: batchNormAttributes(epsilon, saved === null),
        // In training mode, the last two inputs are ignored.
        inputs: [x, gamma, beta, ...(saved ?? [gamma, gamma])],
      }
      // The third output, the unbiased variance, is not used: on CPUs, the reserve contains the biased one.
      const [y, mean, , ...reserve] = recorder.replace(node, () => {
        const [value, average, biased] = composed() as [Tensor, Tensor, Tensor]
        return [value, average, mul(biased, 1), mul(average, 1), mul(biased, 1), scalar(0)]
      })
      const statistics = reserve.slice(0, 2)
      if (saved) statistics.forEach((tensor, at) => recorder.stand(tensor, saved[at]!))
      else if (!again) recorder.remember(gamma, statistics)
      return [y!, mean!, clone(reserve[1]!), ...reserve]
    })
  },
  uniformAt: (backend, at, { seed, shape }) => {
    const native = backend as NativeBackend
    const { binding } = native
    const type = (name: string, value: number): OpAttribute => ({ name, type: binding.TF_ATTR_TYPE, value })
    const types = [type('dtype', binding.TF_FLOAT), type('T', binding.TF_INT32), type('Tseed', binding.TF_INT32)]
    return tidy(() => {
      const key = stack([scalar(seed, 'int32'), at])
      return native.executeSingleOutput('StatelessRandomUniform', types, [tensor1d(shape, 'int32'), key])
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
