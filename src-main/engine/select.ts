import { UserError } from '../contract/errors.js'
import type { NativeLibrary } from './environment.js'
import { bindingPaths, cacheFolder, placedBinding } from './location.js'
import { readSetupState } from './setup-state.js'

export interface EngineSelection {
  engine: 'native' | 'portable'
  /** Why this engine was chosen, in one sentence. */
  reason: string
  /** What to do to get the fast engine; null when it is running. */
  remedy: string | null
  /** Location of the native library; null for the portable engine. */
  native: NativeLibrary | null
}

/** What selection looks at, so that tests can put their own in place. */
export interface Installation {
  env: NodeJS.ProcessEnv
  cache: string
  /** Folder of the binding's npm package. */
  packageRoot?: string
}

/**
 * Decides which engine runs: the native one where set-up has placed it, else the portable one, with the reason and the remedy.
 * `RETRACE_ENGINE=portable|native` forces one. Looks at a few files only.
 * @throws UserError when the variable is misspelt, or forces a native engine that is not there
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
  const paths = bindingPaths(packageRoot)
  const placed = placedBinding(paths)
  if (placed !== null)
    return {
      engine: 'native',
      reason: forced === 'native' ? 'It is forced by RETRACE_ENGINE=native.' : "TensorFlow's native library is installed.",
      remedy: null,
      native: { libraryFolder: paths.deps, variant: placed.variant },
    }
  const failure = readSetupState(cache).native
  const reason = failure?.reason ?? 'The native engine has not been set up yet.'
  const remedy = failure?.remedy ?? 'Run `npm run setup`.'
  if (forced === 'native')
    throw new UserError('UNAVAILABLE', `The native engine, forced by RETRACE_ENGINE=native, cannot run. ${reason} ${remedy}`)
  return { engine: 'portable', reason, remedy, native: null }
}
