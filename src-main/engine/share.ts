import { readdirSync, readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'

/** The share of the machine for one of several trainers: slot `slot` (from 0) of `slots`. */
export interface MachineShare {
  slot: number
  slots: number
  /** `cpu`, or the UUID of a GPU; by default the slot decides. */
  device?: string | null
}

/** Number of threads of one of several trainers: the cores divided by their number, at least one. */
export const threadsOf = ({ slots }: MachineShare, cores = availableParallelism()): number => Math.max(1, Math.floor(cores / slots))

/**
 * Assigns a GPU to each of several trainers with the variable that CUDA reads. The given device is used if there is one; otherwise GPUs are
 * shared in rotation if there are fewer than trainers. If the user has set the variable, its GPUs are divided instead of all GPUs. Empty if
 * there is nothing to divide.
 */
export function gpuOf(
  { slot, slots, device = null }: MachineShare,
  env: NodeJS.ProcessEnv,
  installed = listGpus().length,
): { CUDA_VISIBLE_DEVICES?: string } {
  // An invalid index, with which CUDA uses no GPU.
  if (device === 'cpu') return { CUDA_VISIBLE_DEVICES: '-1' }
  if (device !== null) return { CUDA_VISIBLE_DEVICES: device }
  if (slots < 2) return {}
  const visible = env.CUDA_VISIBLE_DEVICES?.split(',').filter((id) => id !== '') ?? Array.from({ length: installed }, (_, i) => String(i))
  const mine = visible[slot % visible.length]
  return visible.length < 2 || mine === undefined ? {} : { CUDA_VISIBLE_DEVICES: mine }
}

const DRIVER = '/proc/driver/nvidia/gpus'

/** Models of the NVIDIA GPUs of this machine, as listed by the driver; empty without a driver, and on systems other than Linux. */
export function listGpus(folder = DRIVER): string[] {
  let names: string[]
  try {
    names = readdirSync(folder).sort()
  } catch {
    // No NVIDIA driver, or not Linux.
    return []
  }
  return names.map((name) => {
    try {
      return /^Model:\s*(.+)$/m.exec(readFileSync(join(folder, name, 'information'), 'utf8'))?.[1]?.trim() ?? 'NVIDIA GPU'
    } catch {
      // The driver lists it without a model name.
      return 'NVIDIA GPU'
    }
  })
}
