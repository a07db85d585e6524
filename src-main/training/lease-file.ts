import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { replaceFile } from '../durable/replace-file.js'

/** Name of the file in a run's folder of checkpoints that holds the lease which may write there. */
export const LEASE_FILE = 'lease'

/**
 * Makes `lease` the only one that may write to the folder. On the disk before it returns, so that no trainer of an older
 * lease can write a checkpoint after a newer one has started, not even over a power cut.
 */
export async function writeLease(folder: string, lease: number): Promise<void> {
  await mkdir(folder, { recursive: true })
  await replaceFile(join(folder, LEASE_FILE), (temporary) => writeFile(temporary, `${lease}\n`), {
    temporary: join(folder, `.${LEASE_FILE}.${lease}.tmp`),
  })
}
