import { mkdir, open, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'

/** Name of the file in a run's folder of checkpoints that holds the lease which may write there. */
export const LEASE_FILE = 'lease'

/**
 * Makes `lease` the only one that may write to the folder. On the disk before it returns, so that no trainer of an older
 * lease can write a checkpoint after a newer one has started, not even over a power cut.
 */
export async function writeLease(folder: string, lease: number): Promise<void> {
  await mkdir(folder, { recursive: true })
  const temporary = join(folder, `.${LEASE_FILE}.${lease}.tmp`)
  try {
    const file = await open(temporary, 'w')
    try {
      await file.writeFile(`${lease}\n`)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(temporary, join(folder, LEASE_FILE))
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
  await syncFolder(folder)
}

/** A renamed file is only safe once its folder is; Windows cannot open folders and needs no such step. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
