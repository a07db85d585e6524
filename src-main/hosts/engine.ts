import type { EngineReport } from '../contract/engine.js'
import { trainerEnvironment } from '../engine/environment.js'
import { cacheFolder } from '../engine/location.js'
import { probeEngine } from '../engine/report.js'
import { selectEngine } from '../engine/select.js'

const withEngine = (engine: string | undefined): NodeJS.ProcessEnv =>
  engine === undefined ? process.env : { ...process.env, RETRACE_ENGINE: engine }

/**
 * The environment of a process that computes on this machine.
 * @param engine native, portable or auto; undefined leaves it to `RETRACE_ENGINE`
 * @throws UserError when a forced engine cannot run
 */
export function computeEnvironment(engine?: string): NodeJS.ProcessEnv {
  const env = withEngine(engine)
  return trainerEnvironment(env, selectEngine({ env, cache: cacheFolder(env) }).native)
}

/**
 * The engine that runs would use, told without loading it.
 * @throws UserError when a forced engine cannot run
 */
export function currentEngine(engine?: string): EngineReport {
  const env = withEngine(engine)
  return probeEngine(selectEngine({ env, cache: cacheFolder(env) }), computeEnvironment(engine))
}
