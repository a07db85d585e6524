import type { Tensor, TensorInfo } from '@tensorflow/tfjs-core'
import type { TrainingKernels } from './training-kernels.js'

interface OpAttribute {
  name: string
  type: number
  value: unknown
}

/** The part of tfjs-node's back end that reaches TensorFlow's operations by name; the package does not export the type. */
export interface NativeBackend {
  isUsingGpuDevice: boolean
  binding: { TF_Version: string; TF_ATTR_TYPE: number; TF_ATTR_STRING: number; TF_FLOAT: number }
  executeSingleOutput(name: string, attributes: OpAttribute[], inputs: TensorInfo[]): Tensor
}

const floatType = ({ binding }: NativeBackend): OpAttribute => ({ name: 'T', type: binding.TF_ATTR_TYPE, value: binding.TF_FLOAT })

/** TensorFlow's own kernels, each one call. */
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
}
