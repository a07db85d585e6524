import { readdirSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { delimiter, join } from 'node:path'
import type { Variant } from './location.js'

export interface NativeLibrary {
  /** Folder of TensorFlow's library: `lib`, `include` and, with CUDA, `nvidia`. */
  libraryFolder: string
  variant: Variant
}

function cudaLibraries(folder: string): string[] {
  const nvidia = join(folder, 'nvidia')
  return readdirSync(nvidia)
    .sort()
    .map((name) => join(nvidia, name, 'lib'))
}

/**
 * The environment of a compute process. It must be set when the process is spawned, because the dynamic linker and TensorFlow read it only
 * at startup.
 * @param base the environment to extend; the user's own settings of TensorFlow's variables are kept
 * @param native null for the portable engine
 * @param threads threads of one operation; all cores by default
 */
export function trainerEnvironment(
  base: NodeJS.ProcessEnv,
  native: NativeLibrary | null,
  threads = availableParallelism(),
): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = {
    // Without oneDNN, convolution gradients take 2 to 4 times longer on AMD and older processors.
    TF_ENABLE_ONEDNN_OPTS: '1',
    TF_CPP_MIN_LOG_LEVEL: '2',
    TF_FORCE_GPU_ALLOW_GROWTH: 'true',
    TF_NUM_INTRAOP_THREADS: String(threads),
    TF_NUM_INTEROP_THREADS: '1',
    OMP_NUM_THREADS: String(threads),
    // A single arena: memory freed by a capture is reused by the step, whereas more arenas retained 94 MiB of it (144 units).
    MALLOC_ARENA_MAX: '1',
    ...base,
  }
  if (native?.variant !== 'cuda') return env
  const libraries = cudaLibraries(native.libraryFolder)
  const inherited = base.LD_LIBRARY_PATH ? [base.LD_LIBRARY_PATH] : []
  return { ...env, LD_LIBRARY_PATH: [...libraries, ...inherited].join(delimiter) }
}

/**
 * The environment with XLA's auto-clustering, in which TensorFlow compiles as much of a graph as it can. Measured in docs/benchmarks.md.
 */
export const withXla = (env: NodeJS.ProcessEnv): NodeJS.ProcessEnv => ({
  ...env,
  TF_XLA_FLAGS: [env.TF_XLA_FLAGS, '--tf_xla_auto_jit=2 --tf_xla_cpu_global_jit'].filter(Boolean).join(' '),
})
