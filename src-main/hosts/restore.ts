import { existsSync, mkdirSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { UserError } from '../contract/errors.js'
import { placeRestored } from '../storage/place-restored.js'
import { prepareRestore } from '../storage/prepare-restore.js'
import { tryLockHome } from './home-lock.js'

/**
 * Puts the content of a backup in the place of a home that nobody uses. What was there is kept beside it. Until the backup is
 * unpacked and checked whole nothing is touched; a crash after that is made good by the next start.
 *
 * @param home path of the home, which may be missing; its parent must be there
 * @returns where the old content lies now; null when there was none
 * @throws UserError CONFLICT when the home is in use, BAD_INPUT when the file is no whole backup
 */
export async function restoreHome(
  file: string,
  home: string,
  onProgress: (progress: number) => void = () => undefined,
): Promise<string | null> {
  const parent = dirname(home)
  if (!existsSync(parent)) throw new UserError('DISK', `${parent} does not exist: create it first, or choose another home with --home.`)
  const existed = existsSync(home)
  if (!existed) mkdirSync(home, { mode: 0o700 })
  const held = await tryLockHome(home)
  if (!held)
    throw new UserError(
      'CONFLICT',
      `The home folder ${home} is in use: restore in the Settings of its window, close Retrace first, or restore into another with --home.`,
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
