import { UserError } from '../../contract/errors.js'
import type { Devices, Gpu } from '../../contract/gpus.js'

/** The GPUs of this machine. */
export interface Gpus {
  /** The GPUs that runs can use, as of the last query; none if runs use the processor. */
  usable(): readonly Gpu[]
  /** Queries them again. */
  look(): Promise<Devices>
}

/**
 * Chooses the device of a run that is about to start. A GPU is used by one run at a time.
 * @param wanted `auto`, `cpu` or a UUID
 * @param taken the devices of active runs
 * @returns null if the run must wait for a free device; `device` is null if there is no choice of devices
 */
export function assignDevice(wanted: string, usable: readonly Gpu[], taken: ReadonlySet<string | null>): { device: string | null } | null {
  if (wanted === 'cpu') return { device: 'cpu' }
  if (wanted !== 'auto') return taken.has(wanted) ? null : { device: wanted }
  if (usable.length === 0) return { device: null }
  const free = usable.find(({ uuid }) => !taken.has(uuid))
  return free ? { device: free.uuid } : null
}

/** @throws UserError UNAVAILABLE if the GPU assigned to a run is no longer available */
export function requireThere(device: string | null, usable: readonly Gpu[]): void {
  if (device === null || device === 'cpu' || usable.some(({ uuid }) => uuid === device)) return
  throw new UserError(
    'UNAVAILABLE',
    `The GPU ${device}, on which this run was to compute, is not there or has no engine. Put it back and resume the run, or choose another device and start a new one.`,
  )
}
