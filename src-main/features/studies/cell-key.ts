import { createHash } from 'node:crypto'
import type { RunConfig } from '../../contract/config.js'
import type { EngineReport } from '../../contract/engine.js'
import type { OwnFile } from '../../contract/own-dynamics.js'
import type { Environment } from '../../contract/runs.js'
import type { WorkOf } from '../../contract/studies.js'

/** What the numeric results of a process depend on besides its configuration and data. */
export interface Computing extends Pick<EngineReport, 'engine' | 'device' | 'deviceName' | 'threads'> {
  processor: string
  /** See `NUMERICS_REVISION`. */
  numerics: number
}

/** Keys of a configuration that change neither weights nor measured values: names, how often checkpoints are written, and when a warning is shown. */
export const WITHOUT_EFFECT = [
  'preset',
  'dataset',
  'checkpointSeconds',
  'reconstructionTolerance',
] as const satisfies readonly (keyof RunConfig)[]

/** JSON with the keys of every object sorted, so that equal values give equal texts. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, each: unknown) =>
    typeof each === 'object' && each !== null && !Array.isArray(each)
      ? Object.fromEntries(Object.entries(each).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)))
      : each,
  )
}

const hashed = (value: unknown): string => createHash('sha256').update(canonical(value)).digest('hex')

/**
 * Identifies what a run computes: two runs with the same key end with the same weights and metrics, bit for bit.
 * @param own the user's file that defines its architecture; absent if that is built in
 */
export function runKey(config: RunConfig, datasetHash: string, computing: Computing, own?: OwnFile | null): string {
  const without = new Set<string>(WITHOUT_EFFECT)
  const effective = Object.fromEntries(Object.entries(config).filter(([key]) => !without.has(key)))
  return hashed({ run: effective, datasetHash, ...computing, ...(own && { dynamics: own.hash }) })
}

/** Identifies a measurement: its results depend on this machine, and are comparable rather than equal. */
export const measurementKey = ({ request }: WorkOf<'measurement'>, computing: Computing, own?: OwnFile | null): string =>
  hashed({ measurement: request, ...computing, ...(own && { dynamics: own.hash }) })

/** Identifies a computation: double precision is the same on every machine, so that its options and revision determine the result. */
export const computationKey = ({ computation, revision, options }: WorkOf<'computation'>): string =>
  hashed({ computation, revision, options })

/** The environment in which a run was computed; null if it was not recorded, as in earlier versions, or the run has not started. */
export function computingOf({ engine, hardware, numerics }: Pick<Environment, 'engine' | 'hardware' | 'numerics'>): Computing | null {
  if (!engine || !hardware || numerics === undefined) return null
  return {
    engine: engine.engine,
    device: engine.device,
    deviceName: engine.deviceName,
    threads: engine.threads,
    processor: hardware.processor,
    numerics,
  }
}
