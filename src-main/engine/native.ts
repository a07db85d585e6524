import util from 'node:util'
import type { Tfjs } from './open.js'
import { registerTrainingKernels } from './training-kernels.js'
import { nativeKernels, type NativeBackend } from './native-kernels.js'

export interface OpenedNative {
  tf: Tfjs
  gpu: boolean
  tensorflow: string
}

/** tfjs-node 4.22 calls two functions that Node 23 removed. */
function restoreRemovedUtilities(): void {
  const removed = util as unknown as Record<string, unknown>
  removed.isNullOrUndefined ??= (value: unknown) => value === null || value === undefined
  removed.isArray ??= Array.isArray
}

/** Loads TensorFlow's native library into this process as tfjs's back end. */
export async function openNative(): Promise<OpenedNative> {
  restoreRemovedUtilities()
  await import('@tensorflow/tfjs-node-gpu')
  const tf = await import('@tensorflow/tfjs-core')
  await tf.ready()
  registerTrainingKernels('tensorflow', nativeKernels)
  const backend = tf.backend() as unknown as NativeBackend
  return { tf, gpu: backend.isUsingGpuDevice, tensorflow: backend.binding.TF_Version }
}
