import { createRequire } from 'node:module'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import envPaths from 'env-paths'

/** The TensorFlow that the native engine is linked with. */
export const TENSORFLOW_VERSION = '2.21.0'

/** N-API level of the binding's build; it serves every Node from 18.17 on, and Electron. */
export const NAPI_BUILD = 8

/** Which build of TensorFlow's library: `cuda` needs an NVIDIA driver. */
export type Variant = 'cpu' | 'cuda'

/** The folder shared by all checkouts on this machine; `RETRACE_CACHE` overrides the platform's choice. */
export function cacheFolder(env: NodeJS.ProcessEnv = process.env): string {
  return env.RETRACE_CACHE || envPaths('retrace', { suffix: '' }).cache
}

const requireHere = createRequire(import.meta.url)

/** Folder of an installed npm package, seen from here; throws where it is not installed. */
export const packageFolder = (name: string): string => dirname(requireHere.resolve(`${name}/package.json`))

/** Full path of a command on PATH, or null; asks the file system only, so that it is fast enough for every start. */
export function findOnPath(command: string, env: NodeJS.ProcessEnv = process.env): string | null {
  const names = process.platform === 'win32' ? [`${command}.exe`, `${command}.cmd`] : [command]
  for (const folder of (env.PATH ?? '').split(delimiter))
    for (const name of names) {
      const path = join(folder, name)
      if (folder !== '' && statSync(path, { throwIfNoEntry: false })?.isFile()) return path
    }
  return null
}

/** Whether the machine has an NVIDIA driver; `RETRACE_DEVICE=cpu|cuda` overrides what is found. */
export function wantedVariant(env: NodeJS.ProcessEnv = process.env): Variant {
  if (env.RETRACE_DEVICE === 'cpu' || env.RETRACE_DEVICE === 'cuda') return env.RETRACE_DEVICE
  if (process.platform !== 'linux' || process.arch !== 'x64') return 'cpu'
  return existsSync('/proc/driver/nvidia/version') || findOnPath('nvidia-smi', env) !== null ? 'cuda' : 'cpu'
}

/** Where the parts of the native engine lie inside the npm package of the binding. */
export interface BindingPaths {
  /** Link to the library's folder in the cache; the binding finds TensorFlow through it. */
  deps: string
  binding: string
  /** Says what was placed, so that a later start need not look further. */
  marker: string
}

export function bindingPaths(packageRoot = packageFolder('@tensorflow/tfjs-node-gpu')): BindingPaths {
  const lib = join(packageRoot, 'lib')
  return {
    deps: join(packageRoot, 'deps'),
    binding: join(lib, `napi-v${NAPI_BUILD}`, 'tfjs_binding.node'),
    marker: join(lib, 'retrace.json'),
  }
}

export interface PlacedBinding {
  key: string
  /** Of the binding; absent where an earlier version placed it. */
  sha256?: string
  variant: Variant
}

/** What set-up placed, or null where nothing (or only a part) is there. */
export function placedBinding(paths: BindingPaths = bindingPaths()): PlacedBinding | null {
  if (!existsSync(paths.binding) || !existsSync(join(paths.deps, 'lib')) || !existsSync(paths.marker)) return null
  return JSON.parse(readFileSync(paths.marker, 'utf8')) as PlacedBinding
}
