import { writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { makeFolderBelow } from '../durable/folders.js'
import { replaceFile } from '../durable/replace-file.js'

/** Name of the file in a run's folder of checkpoints that holds the lease which may write there. */
const LEASE_FILE = 'lease'

/**
 * Makes `lease` the only one that may write to the folder. On the disk before it returns, so that no trainer of an older
 * lease can write a checkpoint after a newer one has started, not even over a power cut.
 */
export async function writeLease(folder: string, lease: number): Promise<void> {
  await makeFolderBelow(dirname(folder), folder)
  await replaceFile(join(folder, LEASE_FILE), (temporary) => writeFile(temporary, `${lease}\n`))
}
