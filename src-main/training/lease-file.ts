import { writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { makeFolderBelow } from '../durable/folders.js'
import { replaceFile } from '../durable/replace-file.js'

/** Name of the file in a run's checkpoint folder with the lease that may write there. */
const LEASE_FILE = 'lease'

/**
 * Makes `lease` the only one that may write to the folder. It is synced to the disk before this returns, so that no trainer with an older
 * lease can write a checkpoint after a newer one has started, even after a power failure.
 */
export async function writeLease(folder: string, lease: number): Promise<void> {
  await makeFolderBelow(dirname(folder), folder)
  await replaceFile(join(folder, LEASE_FILE), (temporary) => writeFile(temporary, `${lease}\n`))
}
