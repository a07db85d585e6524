import type { Gpu } from '../contract/gpus.js'
import { queryGpus } from '../engine/gpus.js'
import type { Gpus } from '../features/runs/gpus.js'

/**
 * Detects the GPUs of this machine: once now, so that the queue knows them from the first run on, and again on every query.
 * @param usable whether the engine used by runs is the GPU build
 */
export async function openGpus(usable: () => Promise<boolean>): Promise<Gpus> {
  let known: { gpus: Gpu[] | null; usable: boolean } = { gpus: null, usable: false }
  const look = async (): Promise<typeof known> => {
    const gpus = await queryGpus()
    return (known = { gpus, usable: gpus !== null && gpus.length > 0 && (await usable()) })
  }
  await look()
  return { usable: () => (known.usable ? (known.gpus ?? []) : []), look }
}
