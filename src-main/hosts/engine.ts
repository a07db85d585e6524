import type { EngineReport } from '../contract/engine.js'
import { trainerEnvironment } from '../engine/environment.js'
import { gpuOf, threadsOf, type MachineShare } from '../engine/share.js'
import { cacheFolder } from '../engine/location.js'
import { probeEngine } from '../engine/report.js'
import { selectEngine } from '../engine/select.js'

const withEngine = (engine: string | undefined): NodeJS.ProcessEnv =>
  engine === undefined ? process.env : { ...process.env, RETRACE_ENGINE: engine }

/**
 * The environment variables of a compute process on this machine.
 * @param engine native, portable or auto; undefined uses `RETRACE_ENGINE`
 * @param share the share of the machine that it may use: slot number `slot` of `slots`; the whole machine by default
 * @throws UserError when a forced engine cannot run
 */
export function computeEnvironment(engine?: string, share: MachineShare = { slot: 0, slots: 1 }): NodeJS.ProcessEnv {
  const env = withEngine(engine)
  const { native } = selectEngine({ env, cache: cacheFolder(env) })
  return { ...trainerEnvironment(env, native, threadsOf(share)), ...(native?.variant === 'cuda' ? gpuOf(share, env) : {}) }
}

/**
 * The engine that runs would use, determined without loading it.
 * @throws UserError when a forced engine cannot run
 */
export function currentEngine(engine?: string): EngineReport {
  const env = withEngine(engine)
  return probeEngine(selectEngine({ env, cache: cacheFolder(env) }), computeEnvironment(engine))
}
