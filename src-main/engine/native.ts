import type { KernelBackend } from '@tensorflow/tfjs-core'
import { createRequire } from 'node:module'
import util from 'node:util'
import type { Tfjs } from './tfjs.js'
import { registerTrainingKernels } from './training-kernels.js'
import { nativeKernels, type NativeBackend } from './native-kernels.js'

/** The name under which tfjs-node's kernels are registered. */
const BACKEND = 'tensorflow'

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

/**
 * Makes the installed binding tfjs's back end, with all kernels of its package. The package's own entry point would first load an
 * installer, only to ask it for the path of the binding.
 */
async function startBackend(tf: Tfjs, path: string): Promise<void> {
  if (tf.findBackendFactory(BACKEND) !== null) return
  const load = createRequire(import.meta.url)
  load('@tensorflow/tfjs-node-gpu/dist/register_all_kernels.js')
  const { NodeJSKernelBackend } = load('@tensorflow/tfjs-node-gpu/dist/nodejs_kernel_backend.js') as {
    NodeJSKernelBackend: new (binding: unknown, packageName: string) => KernelBackend
  }
  const binding = load(path) as unknown
  tf.registerBackend(BACKEND, () => new NodeJSKernelBackend(binding, '@tensorflow/tfjs-node-gpu'))
  if (!(await tf.setBackend(BACKEND))) throw new Error("TensorFlow's back end did not start")
}

/**
 * Loads TensorFlow's native library into this process as tfjs's back end.
 * @param binding path of the binding
 */
export async function openNative(binding: string): Promise<OpenedNative> {
  restoreRemovedUtilities()
  const tf = await import('@tensorflow/tfjs-core')
  await startBackend(tf, binding)
  registerTrainingKernels(BACKEND, nativeKernels)
  const backend = tf.backend() as unknown as NativeBackend
  return { tf, gpu: backend.isUsingGpuDevice, tensorflow: backend.binding.TF_Version }
}
