import { join } from 'node:path'
import { registerConvolutionGradients } from './convolution-gradients.js'
import { packageFolder } from './location.js'
import type { Tfjs } from './tfjs.js'
import { registerTrainingKernels } from './training-kernels.js'

const WASM = '@tensorflow/tfjs-backend-wasm'

/**
 * Loads tfjs's WebAssembly back end (SIMD) with the kernels that it lacks. Single-threaded, because its threaded build starts workers from
 * URLs that Node does not accept.
 */
export async function openPortable(): Promise<{ tf: Tfjs }> {
  // The union package registers the gradients; its other back ends are not used.
  await import('@tensorflow/tfjs')
  const tf = await import('@tensorflow/tfjs-core')
  const { setWasmPaths } = await import('@tensorflow/tfjs-backend-wasm')
  setWasmPaths(join(packageFolder(WASM), 'dist') + '/')
  registerConvolutionGradients('wasm')
  registerTrainingKernels('wasm')
  if (!(await tf.setBackend('wasm'))) throw new Error('the WebAssembly backend did not start')
  return { tf }
}
