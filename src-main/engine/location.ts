import { createRequire } from 'node:module'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import envPaths from 'env-paths'
import { bindingSource } from './binding-source.js'

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

/** Where a native engine lies: a folder of the cache, because the program's own folder may belong to somebody else. */
export interface EnginePaths {
  folder: string
  /** Link to the library's folder; the binding finds TensorFlow through it. */
  deps: string
  binding: string
  /** Says what was placed, and is there only with the rest. */
  marker: string
}

const BINDING = '@tensorflow/tfjs-node-gpu'

/**
 * The engine of this program for a variant. Its name holds everything that the binding depends on, so that versions and variants lie side
 * by side, and checkouts with the same one share it.
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
  /** Key of the library that it is linked with. */
  library: string
  /** Of the binding. */
  sha256: string
}

/** What set-up placed, or null where nothing is there, or its library is gone. */
export function placedEngine(paths: EnginePaths): PlacedEngine | null {
  if (!existsSync(paths.marker) || !existsSync(paths.binding) || !existsSync(join(paths.deps, 'lib'))) return null
  return JSON.parse(readFileSync(paths.marker, 'utf8')) as PlacedEngine
}
