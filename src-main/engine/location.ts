import { createRequire } from 'node:module'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import envPaths from 'env-paths'
import { bindingSource } from './binding-source.js'

/** The TensorFlow version that the native engine is linked with. */
export const TENSORFLOW_VERSION = '2.21.0'

/** N-API level of the binding's build, which works with every Node since 18.17, and with Electron. */
export const NAPI_BUILD = 8

/** The build of TensorFlow's library: `cuda` needs an NVIDIA driver. */
export type Variant = 'cpu' | 'cuda'

/** The folder shared by all checkouts on this machine; `RETRACE_CACHE` overrides the platform's choice. */
export function cacheFolder(env: NodeJS.ProcessEnv = process.env): string {
  return env.RETRACE_CACHE || envPaths('retrace', { suffix: '' }).cache
}

const requireHere = createRequire(import.meta.url)

/** Folder of an installed npm package, resolved from here; throws if it is not installed. */
export const packageFolder = (name: string): string => dirname(requireHere.resolve(`${name}/package.json`))

/** Whether a path is a file; false also in a folder that this user may not read, as another user's PATH has after `su` or `sudo`. */
function isFile(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false
  } catch {
    return false
  }
}

/** Absolute path of a command on PATH, or null; only checks the file system, so that it is fast enough for every start. */
export function findOnPath(command: string, env: NodeJS.ProcessEnv = process.env): string | null {
  const names = process.platform === 'win32' ? [`${command}.exe`, `${command}.cmd`] : [command]
  for (const folder of (env.PATH ?? '').split(delimiter))
    for (const name of names) {
      const path = join(folder, name)
      if (folder !== '' && isFile(path)) return path
    }
  return null
}

/** Whether the machine has an NVIDIA driver; `RETRACE_DEVICE=cpu|cuda` overrides the detection. */
export function wantedVariant(env: NodeJS.ProcessEnv = process.env): Variant {
  if (env.RETRACE_DEVICE === 'cpu' || env.RETRACE_DEVICE === 'cuda') return env.RETRACE_DEVICE
  if (process.platform !== 'linux' || process.arch !== 'x64') return 'cpu'
  return existsSync('/proc/driver/nvidia/version') || findOnPath('nvidia-smi', env) !== null ? 'cuda' : 'cpu'
}

/** The location of a native engine: a folder of the cache, because the program's own folder may belong to another user. */
export interface EnginePaths {
  folder: string
  /** Link to the library's folder; the binding finds TensorFlow through it. */
  deps: string
  binding: string
  /** Describes what was installed, and exists only together with the rest. */
  marker: string
}

const BINDING = '@tensorflow/tfjs-node-gpu'

/**
 * The location of this program's engine for a variant. Its name contains everything that the binding depends on, so that versions and
 * variants can coexist, and checkouts with the same ones share an engine.
 * @param packageRoot folder of tfjs's package with the binding's sources
 */
export function enginePaths(cache: string, variant: Variant, packageRoot = packageFolder(BINDING)): EnginePaths {
  const version = `${TENSORFLOW_VERSION}-${variant}-${process.platform}-${process.arch}-napi${NAPI_BUILD}`
  const folder = join(cache, 'engines', `${version}-${bindingSource(packageRoot)}`)
  return {
    folder,
    deps: join(folder, 'deps'),
    // The binding looks for its library in `../../deps/lib`.
    binding: join(folder, 'lib', `napi-v${NAPI_BUILD}`, 'tfjs_binding.node'),
    marker: join(folder, 'engine.json'),
  }
}

export interface PlacedEngine {
  /** Key of the library with which it is linked. */
  library: string
  /** Hash of the binding. */
  sha256: string
}

/** The installed engine, or null if there is none, or its library is missing. */
export function placedEngine(paths: EnginePaths): PlacedEngine | null {
  if (!existsSync(paths.marker) || !existsSync(paths.binding) || !existsSync(join(paths.deps, 'lib'))) return null
  return JSON.parse(readFileSync(paths.marker, 'utf8')) as PlacedEngine
}
