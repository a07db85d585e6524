import { existsSync } from 'node:fs'
import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { removeUnfinished, unfinishedFolder } from '../durable/unfinished.js'
import { explainDiskError } from './disk-errors.js'
import { openDriver } from '../sqlite/driver.mjs'
import { databaseFile } from './home-files.js'
import { asideOf, noteFile, READY, type RestoreNote } from './place-restored.js'
import { unpackBackup } from './restore.js'

/**
 * Unpacks and verifies a backup inside the home that it will replace, which may be in use. It is then restored immediately if possible,
 * otherwise by the next start, see `placeRestored`.
 *
 * @throws UserError BAD_INPUT when the file is not a complete backup, NOT_FOUND, DISK; the home is then unchanged
 */
export async function prepareRestore(
  file: string,
  home: string,
  {
    onProgress = () => undefined,
    signal,
  }: { onProgress?: ((progress: number) => void) | undefined; signal?: AbortSignal | undefined } = {},
): Promise<{ aside: string }> {
  const stage = unfinishedFolder(home, 'restore-unpacking')
  try {
    await removeUnfinished(home, 'restore-unpacking')
    await mkdir(stage, { mode: 0o700 })
    const { createdAt } = await unpackBackup(file, stage, onProgress, signal)
    await renumberChanges(databaseFile(stage), databaseFile(home))
    const note: RestoreNote = { file, createdAt, aside: asideOf(home) }
    await writeFile(noteFile(stage), JSON.stringify(note), { flush: true })
    signal?.throwIfAborted()
    await rm(join(home, READY), { recursive: true, force: true })
    await rename(stage, join(home, READY))
    return { aside: note.aside }
  } catch (error) {
    throw explainDiskError(error, home)
  } finally {
    await rm(stage, { recursive: true, force: true })
  }
}

/** More changes than a home makes between now and its replacement. */
const MARGIN = 1_000_000_000

/**
 * Windows that know the home's old content ask for the changes after one of its sequence numbers. Sequence numbers of the restored home
 * start above all of those, so that all windows are told to refetch everything.
 */
async function renumberChanges(file: string, replaced: string): Promise<void> {
  const from = Math.max(await lastChange(file), existsSync(replaced) ? await lastChange(replaced) : 0) + MARGIN
  const database = await openDriver(file)
  try {
    database.exec('DELETE FROM journal')
    const { changes } = database.prepare("UPDATE sqlite_sequence SET seq = ? WHERE name = 'journal'").run(from)
    if (changes === 0) database.prepare("INSERT INTO sqlite_sequence (name, seq) VALUES ('journal', ?)").run(from)
    database.pragma('wal_checkpoint(TRUNCATE)')
  } finally {
    database.close()
  }
}

/**
 * The sequence number of its last change; if the file cannot be read, a frequent reason for a restore, the current time, which exceeds most
 * sequence numbers.
 */
async function lastChange(file: string): Promise<number> {
  const database = await openDriver(file)
  try {
    const found = database.prepare("SELECT seq FROM sqlite_sequence WHERE name = 'journal'").get() as { seq: number } | undefined
    return found?.seq ?? 0
  } catch {
    // eslint-disable-next-line no-restricted-syntax -- any large number
    return Date.now()
  } finally {
    database.close()
  }
}
