import { join } from 'node:path'
import { explainDiskError } from '../storage/disk-errors.js'
import { openDriver } from '../storage/driver.js'

export interface HomeLock {
  /** Frees the home; calling it again does nothing. */
  release(): void
}

/**
 * Takes the home for this process, or answers null when another process has it.
 *
 * The lock is SQLite's own, an exclusive transaction on a file of its own that stays open: the operating system frees it
 * with the process, however that ends, and no age has to be guessed as with a file of a process id.
 * @throws UserError DISK when the file cannot be made
 */
export async function tryLockHome(home: string): Promise<HomeLock | null> {
  const file = join(home, 'lock.sqlite')
  let database: Awaited<ReturnType<typeof openDriver>> | undefined
  try {
    database = await openDriver(file)
    database.pragma('busy_timeout = 0')
    database.exec('BEGIN EXCLUSIVE')
  } catch (error) {
    database?.close()
    if (String((error as { code?: unknown }).code).startsWith('SQLITE_BUSY')) return null
    throw explainDiskError(error, file)
  }
  const held = database
  return {
    release() {
      if (held.open) held.close()
    },
  }
}
