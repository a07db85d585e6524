import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { UserError } from '../contract/errors.js'
import { explainDiskError } from '../storage/disk-errors.js'
import { unpackBackup } from '../storage/restore.js'
import { tryLockHome } from './home-lock.js'

/** What a home has that nobody has used. */
const NOTHING = new Set(['lock.sqlite', 'lock.sqlite-journal', 'lock.sqlite-wal', 'lock.sqlite-shm'])

/**
 * Puts the content of a backup in the place of a home. The home that was there is kept beside it under another name. Until the
 * backup is unpacked and checked whole nothing is touched.
 *
 * @param home path of the home, which may be missing; its parent must be there
 * @returns where the old home lies now; null when there was none
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
  const held = existed ? await tryLockHome(home) : null
  if (existed && !held)
    throw new UserError('CONFLICT', `The home folder ${home} is in use: close Retrace first, or restore into another with --home.`)
  const stage = `${home}.restoring-${process.pid}`
  try {
    rmSync(stage, { recursive: true, force: true })
    mkdirSync(stage, { mode: 0o700 })
    await unpackBackup(file, stage, onProgress)
    // Held over the exchange, so that nobody opens the new home between the two renames.
    const next = await tryLockHome(stage)
    try {
      return exchange(stage, home, existed)
    } finally {
      next?.release()
    }
  } catch (error) {
    throw explainDiskError(error, home)
  } finally {
    rmSync(stage, { recursive: true, force: true })
    held?.release()
  }
}

function exchange(stage: string, home: string, existed: boolean): string | null {
  if (!existed) {
    renameSync(stage, home)
    return null
  }
  const aside = `${home}.before-restore-${new Date().toISOString().replace(/[:.]/g, '-')}`
  renameSync(home, aside)
  try {
    renameSync(stage, home)
  } catch (error) {
    renameSync(aside, home)
    throw error
  }
  if (readdirSync(aside).some((name) => !NOTHING.has(name))) return aside
  rmSync(aside, { recursive: true, force: true })
  return null
}
