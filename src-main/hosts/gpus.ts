import type { Gpu } from '../contract/gpus.js'
import { queryGpus } from '../engine/gpus.js'
import type { Gpus } from '../features/runs/gpus.js'

/**
 * The GPUs of this machine, asked for once now, so that the queue knows them from its first run on, and then whenever somebody looks.
 * @param usable whether the engine of runs is the one for GPUs
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
