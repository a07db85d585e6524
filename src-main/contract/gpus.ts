import { z } from 'zod'
import { UserError } from './errors.js'

/** An NVIDIA GPU as its driver describes it at a moment. */
export const GpuSchema = z.strictObject({
  /** Number that the driver gives it; it may change at the next start of the machine. */
  index: z.int().min(0),
  /** Stays the same. */
  uuid: z.string(),
  name: z.string(),
  memoryMiB: z.number(),
  usedMiB: z.number(),
  /** Percent of the last period in which something ran on it; null where the driver does not tell. */
  utilization: z.number().nullable(),
})
export type Gpu = z.infer<typeof GpuSchema>

/** What runs can compute on, besides the processor. */
export interface Devices {
  /** Null where there is no `nvidia-smi`, and so no NVIDIA GPU that is known of. */
  gpus: Gpu[] | null
  /** Whether the engine is the one for GPUs: runs use none of them otherwise. */
  usable: boolean
}

/** `auto`, `cpu`, or a GPU by UUID or number. */
export const DeviceSchema = z
  .string()
  .regex(/^(auto|cpu|\d{1,3}|(GPU|MIG)-[\w/-]{1,100})$/, 'must be auto, cpu, or the UUID or number of a GPU')

/**
 * A device by the name that stays the same.
 * @param wanted fits `DeviceSchema`
 * @throws UserError BAD_INPUT when there is no such GPU
 */
export function requireDevice(wanted: string, { gpus, usable }: Devices): string {
  if (wanted === 'auto' || wanted === 'cpu') return wanted
  const found = (gpus ?? []).find(({ index, uuid }) => uuid === wanted || String(index) === wanted)
  if (!found) {
    const there = ['auto', 'cpu', ...(gpus ?? []).map(({ index }) => String(index))]
    throw new UserError('BAD_INPUT', `There is no GPU ${wanted}. Choose one of ${there.join(', ')}.`)
  }
  if (!usable)
    throw new UserError(
      'UNAVAILABLE',
      `The GPU ${found.index} (${found.name}) cannot be used: the engine for GPUs is not set up. Set up the fast engine, or choose auto or cpu.`,
    )
  return found.uuid
}
