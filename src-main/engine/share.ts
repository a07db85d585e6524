import { readdirSync, readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'

/** The part of the machine that one of several trainers may take: slot `slot` (from 0) of `slots`. */
export interface MachineShare {
  slot: number
  slots: number
}

/** Threads of one of several trainers: the cores divided, at least one each. */
export const threadsOf = ({ slots }: MachineShare, cores = availableParallelism()): number => Math.max(1, Math.floor(cores / slots))

/**
 * Gives each of several trainers a GPU of its own, by the variable that CUDA reads; they go round when there are fewer GPUs
 * than trainers. What the user set there already is divided instead of all GPUs. Empty where there is nothing to divide.
 */
export function gpuOf(
  { slot, slots }: MachineShare,
  env: NodeJS.ProcessEnv,
  installed = listGpus().length,
): { CUDA_VISIBLE_DEVICES?: string } {
  if (slots < 2) return {}
  const visible = env.CUDA_VISIBLE_DEVICES?.split(',').filter((id) => id !== '') ?? Array.from({ length: installed }, (_, i) => String(i))
  const mine = visible[slot % visible.length]
  return visible.length < 2 || mine === undefined ? {} : { CUDA_VISIBLE_DEVICES: mine }
}

const DRIVER = '/proc/driver/nvidia/gpus'

/** Models of the NVIDIA GPUs of this machine, as the driver lists them; none without one, or elsewhere than on Linux. */
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
      // The driver lists it without saying what it is.
      return 'NVIDIA GPU'
    }
  })
}
