import { z } from 'zod'
import { UserError } from './errors.js'

/** An NVIDIA GPU, as reported by its driver at one point in time. */
export const GpuSchema = z.strictObject({
  /** The driver's index of it, which may change when the machine restarts. */
  index: z.int().min(0),
  /** Permanent. */
  uuid: z.string(),
  name: z.string(),
  memoryMiB: z.number(),
  usedMiB: z.number(),
  /** Percent of the driver's last sampling period during which a kernel ran; null if the driver does not report it. */
  utilization: z.number().nullable(),
})
export type Gpu = z.infer<typeof GpuSchema>

/** The devices that runs can compute on, besides the processor. */
export interface Devices {
  /** null without `nvidia-smi`, in which case no NVIDIA GPU can be detected. */
  gpus: Gpu[] | null
  /** Whether the GPU build of the engine is installed; otherwise runs do not use GPUs. */
  usable: boolean
}

/** `auto`, `cpu`, or a GPU by UUID or index. */
export const DeviceSchema = z
  .string()
  .regex(/^(auto|cpu|\d{1,3}|(GPU|MIG)-[\w/-]{1,100})$/, 'must be auto, cpu, or the UUID or number of a GPU')

/**
 * Resolves a device to its permanent name.
 * @param wanted valid for `DeviceSchema`
 * @throws UserError BAD_INPUT if there is no such GPU, UNAVAILABLE if the engine does not support GPUs
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
