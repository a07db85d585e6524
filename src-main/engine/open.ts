import { ownCommand } from '../processes/installation.js'
import type { EngineReport } from '../contract/engine.js'
import { UserError } from '../contract/errors.js'
import { cacheFolder } from './location.js'
import { alteredNativeFiles } from './native-files.js'
import { openNative } from './native.js'
import { openPortable } from './portable.js'
import { describeEngine, engineThreads } from './report.js'
import { selectEngine, type EngineSelection } from './select.js'
import type { Tfjs } from './tfjs.js'

export interface OpenedEngine {
  tf: Tfjs
  report: EngineReport
}

/**
 * Loads the engine into this process and makes it tfjs's back end, with our gradients and kernels registered. Only for compute processes,
 * because a host must not be affected by native calls. The environment must have been set when the process was spawned
 * (`trainerEnvironment`).
 * @throws UserError when a forced native engine cannot run
 */
export async function openEngine(selection: EngineSelection = selectEngine(), altered = alteredNativeFiles): Promise<OpenedEngine> {
  if (selection.native !== null) {
    try {
      const [file] = await altered(cacheFolder(), selection.native.paths)
      if (file !== undefined) throw new Error(`${file} does not match what was installed`)
      const { tf, gpu, tensorflow } = await openNative(selection.native.paths.binding)
      return { tf, report: describeEngine(selection, { gpu, tensorflow, threads: engineThreads('native', process.env), env: process.env }) }
    } catch (error) {
      const why = `The native library is installed but cannot be used (${String(error instanceof Error ? error.message : error).split('\n')[0]}).`
      const remedy = `Run ${ownCommand('setup')} to repair it.`
      if (process.env.RETRACE_ENGINE === 'native') throw new UserError('UNAVAILABLE', `${why} ${remedy}`, { cause: error })
      return portable({ engine: 'portable', reason: why, remedy, native: null })
    }
  }
  return portable(selection)
}

async function portable(selection: EngineSelection): Promise<OpenedEngine> {
  const { tf } = await openPortable()
  return {
    tf,
    report: describeEngine(selection, { gpu: false, tensorflow: null, threads: engineThreads('portable', process.env), env: process.env }),
  }
}
