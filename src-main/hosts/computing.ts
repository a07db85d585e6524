import type { EngineReport } from '../contract/engine.js'
import type { Environment } from '../contract/runs.js'
import { threadsOf } from '../engine/share.js'
import { computingOf, type Computing } from '../features/studies/cell-key.js'

/**
 * The environment of a run that starts now.
 * @param engine the engine that runs would use, for the whole machine
 * @param slots number of concurrent runs
 */
export const computingHere = (
  engine: EngineReport | null | undefined,
  provenance: Pick<Environment, 'hardware' | 'numerics'>,
  slots: number,
): Computing | null => (engine ? computingOf({ ...provenance, engine: { ...engine, threads: threadsOf({ slot: 0, slots }) } }) : null)
