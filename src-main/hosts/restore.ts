import { existsSync, mkdirSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { UserError } from '../contract/errors.js'
import { placeRestored } from '../storage/place-restored.js'
import { prepareRestore } from '../storage/prepare-restore.js'
import { tryLockHome } from './home-lock.js'
import { mendRights } from './home-rights.js'

/**
 * Replaces a home that is not in use with a backup and keeps the old home next to it. Nothing is changed until the backup has been unpacked
 * and verified completely; after a crash beyond that point the next start completes the restore.
 *
 * @param note called with corrections of a home that other users could read
 * @param home path of the home, which may be missing; its parent must exist
 * @returns the new location of the old content; null when there was none
 * @throws UserError CONFLICT when the home is in use, BAD_INPUT when the file is not a complete backup
 */
export async function restoreHome(
  file: string,
  home: string,
  onProgress: (progress: number) => void = () => undefined,
  note: (line: string) => void = () => undefined,
): Promise<string | null> {
  const parent = dirname(home)
  if (!existsSync(parent)) throw new UserError('DISK', `${parent} does not exist. Create it first, or choose another home with --home.`)
  const existed = existsSync(home)
  if (!existed) mkdirSync(home, { mode: 0o700 })
  mendRights(home).forEach(note)
  const held = await tryLockHome(home)
  if (!held)
    throw new UserError(
      'CONFLICT',
      `The home folder ${home} is in use. Restore in the Settings of its window, close Retrace first, or restore into another folder with --home.`,
    )
  let done = false
  try {
    await prepareRestore(file, home, { onProgress })
    const restored = placeRestored(home)
    done = true
    return restored?.kept ?? null
  } finally {
    held.release()
    if (!existed && !done) rmSync(home, { recursive: true, force: true })
  }
}
