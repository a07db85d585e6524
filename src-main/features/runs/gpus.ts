import { UserError } from '../../contract/errors.js'
import type { Devices, Gpu } from '../../contract/gpus.js'

/** The GPUs of this machine. */
export interface Gpus {
  /** Those that runs compute on, as they were when they were last asked for; none where runs use the processor. */
  usable(): readonly Gpu[]
  /** Asks for them anew. */
  look(): Promise<Devices>
}

/**
 * Which device a run gets that is to start now: a GPU takes one run at a time.
 * @param wanted `auto`, `cpu` or a UUID
 * @param taken of the runs that work
 * @returns null to wait until one is free; `device` null where runs have nothing to choose from
 */
export function assignDevice(wanted: string, usable: readonly Gpu[], taken: ReadonlySet<string | null>): { device: string | null } | null {
  if (wanted === 'cpu') return { device: 'cpu' }
  if (wanted !== 'auto') return taken.has(wanted) ? null : { device: wanted }
  if (usable.length === 0) return { device: null }
  const free = usable.find(({ uuid }) => !taken.has(uuid))
  return free ? { device: free.uuid } : null
}

/** @throws UserError UNAVAILABLE when a run that starts was given a GPU that is not there any more */
export function requireThere(device: string | null, usable: readonly Gpu[]): void {
  if (device === null || device === 'cpu' || usable.some(({ uuid }) => uuid === device)) return
  throw new UserError(
    'UNAVAILABLE',
    `The GPU ${device}, on which this run was to compute, is not there or has no engine. Put it back and resume the run, or choose another device and start a new one.`,
  )
}
