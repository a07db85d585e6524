import { join } from 'node:path'
import { registerConvolutionGradients } from './convolution-gradients.js'
import { packageFolder } from './location.js'
import type { Tfjs } from './tfjs.js'
import { registerTrainingKernels } from './training-kernels.js'

const WASM = '@tensorflow/tfjs-backend-wasm'

/**
 * Loads tfjs's WebAssembly back end (SIMD) with the kernels that it lacks. One thread: its threaded build starts workers from addresses
 * that Node does not take.
 */
export async function openPortable(): Promise<{ tf: Tfjs }> {
  // The union package registers the gradients; its other back ends stay unused.
  await import('@tensorflow/tfjs')
  const tf = await import('@tensorflow/tfjs-core')
  const { setWasmPaths } = await import('@tensorflow/tfjs-backend-wasm')
  setWasmPaths(join(packageFolder(WASM), 'dist') + '/')
  registerConvolutionGradients('wasm')
  registerTrainingKernels('wasm')
  if (!(await tf.setBackend('wasm'))) throw new Error('the WebAssembly backend did not start')
  return { tf }
}
