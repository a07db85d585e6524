import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { explainDiskError } from './disk-errors.js'
import { openDriver } from './driver.js'
import { databaseFile } from './home-files.js'
import { asideOf, noteFile, READY, UNPACKING, type RestoreNote } from './place-restored.js'
import { unpackBackup } from './restore.js'

/**
 * Unpacks and checks a backup inside the home that it will replace, which may be in use. From then on it is restored: at once by
 * whoever can, else by the next start, see `placeRestored`.
 *
 * @throws UserError BAD_INPUT when the file is no whole backup, NOT_FOUND, DISK; the home is then as it was
 */
export async function prepareRestore(
  file: string,
  home: string,
  {
    onProgress = () => undefined,
    signal,
  }: { onProgress?: ((progress: number) => void) | undefined; signal?: AbortSignal | undefined } = {},
): Promise<{ aside: string }> {
  const stage = join(home, UNPACKING)
  try {
    await rm(stage, { recursive: true, force: true })
    await mkdir(stage, { mode: 0o700 })
    const { createdAt } = await unpackBackup(file, stage, onProgress, signal)
    await renumberChanges(databaseFile(stage))
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

/**
 * Windows that know the home's old content ask for what follows a number of its changes. Numbers of the restored home begin at the
 * present time in milliseconds, which is more than any home has counted, so that all of them are told to fetch everything anew.
 */
async function renumberChanges(file: string): Promise<void> {
  const database = await openDriver(file)
  try {
    database.exec('DELETE FROM journal')
    const { changes } = database.prepare("UPDATE sqlite_sequence SET seq = max(seq, ?) WHERE name = 'journal'").run(Date.now())
    if (changes === 0) database.prepare("INSERT INTO sqlite_sequence (name, seq) VALUES ('journal', ?)").run(Date.now())
    database.pragma('wal_checkpoint(TRUNCATE)')
  } finally {
    database.close()
  }
}
