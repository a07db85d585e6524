import type { EngineReport } from '../contract/engine.js'
import type { Environment } from '../contract/runs.js'
import { threadsOf } from '../engine/share.js'
import { computingOf, type Computing } from '../features/studies/cell-key.js'

/**
 * What a run that starts now would be computed on.
 * @param engine that runs would use, for the whole machine
 * @param slots runs that work at once
 */
export const computingHere = (
  engine: EngineReport | null | undefined,
  provenance: Pick<Environment, 'hardware' | 'numerics'>,
  slots: number,
): Computing | null => (engine ? computingOf({ ...provenance, engine: { ...engine, threads: threadsOf({ slot: 0, slots }) } }) : null)
