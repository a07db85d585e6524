import { statSync } from 'node:fs'
import { join } from 'node:path'
import { UserError } from '../contract/errors.js'
import { tryLock, type Lock } from '../sqlite/lock.mjs'
import { explainDiskError } from '../storage/disk-errors.js'

export type HomeLock = Lock

/** @throws UserError CONFLICT when the file exists and belongs to another user, who could lock it at any time */
function requireOwn(file: string): void {
  const owner = statSync(file, { throwIfNoEntry: false })?.uid
  const self = process.getuid?.()
  if (owner !== undefined && self !== undefined && self !== 0 && owner !== self)
    throw new UserError(
      'CONFLICT',
      `${file} belongs to another user (uid ${owner}), who could lock you out of your home. Remove it, or choose another folder with --home.`,
    )
}

/**
 * Locks the home for this process. @returns null when another process holds it
 * @throws UserError DISK when the file cannot be created, CONFLICT when it belongs to another user
 */
export async function tryLockHome(home: string): Promise<HomeLock | null> {
  const file = join(home, 'lock.sqlite')
  try {
    requireOwn(file)
    return await tryLock(file)
  } catch (error) {
    throw explainDiskError(error, file)
  }
}
