import { ownCommand } from '../processes/installation.js'
import { UserError } from '../contract/errors.js'
import type { NativeLibrary } from './environment.js'
import { cacheFolder, enginePaths, placedEngine, wantedVariant, type EnginePaths, type Variant } from './location.js'
import { readSetupState } from './setup-state.js'

export interface EngineSelection {
  engine: 'native' | 'portable'
  /** Why this engine was chosen, in one sentence. */
  reason: string
  /** What to do to get the fast engine; null if it is already used. */
  remedy: string | null
  /** The location of the native engine; null for the portable one. */
  native: (NativeLibrary & { paths: EnginePaths }) | null
}

/** The inputs of the selection, which tests can replace. */
export interface Installation {
  env: NodeJS.ProcessEnv
  cache: string
  /** Folder of the npm package with the binding's sources. */
  packageRoot?: string
}

/**
 * Selects the engine: the native one if it is installed, otherwise the portable one, with the reason and the remedy.
 * `RETRACE_ENGINE=portable|native` forces one. Only checks a few files.
 * @throws UserError when the variable is invalid, or forces a native engine that is not installed
 */
export function selectEngine(installation: Installation = { env: process.env, cache: cacheFolder() }): EngineSelection {
  const { env, cache, packageRoot } = installation
  const forced = env.RETRACE_ENGINE || 'auto'
  if (forced !== 'auto' && forced !== 'native' && forced !== 'portable')
    throw new UserError('BAD_INPUT', `RETRACE_ENGINE is "${forced}". Set it to native, portable or auto.`)
  if (forced === 'portable')
    return {
      engine: 'portable',
      reason: 'It is forced by RETRACE_ENGINE=portable.',
      remedy: 'Unset RETRACE_ENGINE to use the native engine if it is installed.',
      native: null,
    }
  const wanted = wantedVariant(env)
  const failure = readSetupState(cache).native
  const remedy = failure?.remedy ?? `Run ${ownCommand('setup')}.`
  const native = (variant: Variant): EngineSelection['native'] => {
    const paths = enginePaths(cache, variant, packageRoot)
    return placedEngine(paths) === null ? null : { paths, libraryFolder: paths.deps, variant }
  }
  const found = native(wanted)
  if (found !== null)
    return {
      engine: 'native',
      reason: forced === 'native' ? 'It is forced by RETRACE_ENGINE=native.' : "TensorFlow's native library is installed.",
      remedy: null,
      native: found,
    }
  const slower = wanted === 'cuda' && env.RETRACE_DEVICE !== 'cuda' ? native('cpu') : null
  if (slower !== null) {
    const why = failure?.reason ?? 'The engine for the GPU has not been set up yet.'
    return { engine: 'native', reason: `TensorFlow's native library is installed for the processor only. ${why}`, remedy, native: slower }
  }
  const reason = failure?.reason ?? 'The native engine has not been set up yet.'
  if (forced === 'native')
    throw new UserError('UNAVAILABLE', `The native engine, forced by RETRACE_ENGINE=native, cannot run. ${reason} ${remedy}`)
  return { engine: 'portable', reason, remedy, native: null }
}
