import { createHash } from 'node:crypto'
import { constants, createReadStream, createWriteStream } from 'node:fs'
import { copyFile, link, mkdir, readdir, rm, stat } from 'node:fs/promises'
import { dirname, join, posix } from 'node:path'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { pack, type Pack } from 'tar-stream'
import { makeFolderBelow } from '../durable/folders.js'
import { refuseExisting } from '../durable/new-file.js'
import { replaceFile } from '../durable/replace-file.js'
import { removeUnfinished, unfinishedFolder } from '../durable/unfinished.js'
import { ACTIVE, LOGGED } from '../contract/runs.js'
import { belongsToHome, FORMAT, HEAD, TAIL, type Head } from './backup-format.js'
import type { Database } from './database.js'
import { explainDiskError } from './disk-errors.js'
import { openDriver } from '../sqlite/driver.mjs'
import { prepareRestore } from './prepare-restore.js'
import { inspectBackup } from './restore.js'
import type { BackupWriter } from '../features/home/backup.js'

const isMissing = (error: unknown): boolean => ['ENOENT', 'ENOTDIR'].includes(String((error as NodeJS.ErrnoException).code))

interface StagedFile {
  /** Path relative to the home and the backup. */
  path: string
  bytes: number
}

/**
 * Writes backups of a home in use: first a snapshot of the database, then hard links to the files that it refers to, so that nothing that
 * is deleted or written meanwhile changes the backup; then all of this into one file.
 */
export function createBackupWriter(db: Database, home: string): BackupWriter {
  return {
    removeLeftovers: () => removeUnfinished(home, 'backup'),
    inspect: inspectBackup,
    prepareRestore: ({ file, ...options }) => prepareRestore(file, home, options),

    async write({ file, onProgress, signal }) {
      await refuseExisting(file).catch((error: unknown) => {
        throw explainDiskError(error, file)
      })
      const stage = unfinishedFolder(home, 'backup')
      try {
        await mkdir(stage)
        onProgress(null, 'copying the database')
        await db.backup(join(stage, 'retrace.sqlite'))
        signal.throwIfAborted()
        const files = await stageFiles(home, stage, signal)
        const bytes = files.reduce((sum, each) => sum + each.bytes, 0)
        const head: Head = { format: FORMAT, createdAt: Date.now(), files: files.length, bytes }
        await replaceFile(file, (part) => writeTar(part, stage, head, files, onProgress, signal), {
          overwrite: false,
        })
        return { file, files: files.length, bytes: (await stat(file)).size }
      } catch (error) {
        throw explainDiskError(error, file)
      } finally {
        await rm(stage, { recursive: true, force: true })
      }
    },
  }
}

/** Adds hard links to everything that the copied database refers to; what is missing by then is removed from the copy. */
async function stageFiles(home: string, stage: string, signal: AbortSignal): Promise<StagedFile[]> {
  const database = await openDriver(join(stage, 'retrace.sqlite'))
  const wanted: string[] = []
  try {
    // A single file, without a write-ahead log.
    database.pragma('journal_mode = DELETE')
    const checkpoints = database.prepare('SELECT runId, file FROM checkpoints').all() as { runId: string; file: string }[]
    const forget = database.prepare('DELETE FROM checkpoints WHERE runId = ? AND file = ?')
    for (const { runId, file } of checkpoints) {
      const path = `runs/${runId}/checkpoints/${file}`
      if (!(await stageFile(home, stage, path))) forget.run(runId, file)
      else wanted.push(path)
      signal.throwIfAborted()
    }
    const weights = database.prepare('SELECT runId, weightsFile FROM run_records WHERE weightsFile IS NOT NULL').all() as {
      runId: string
      weightsFile: string
    }[]
    for (const { runId, weightsFile } of weights) {
      const path = `runs/${runId}/${weightsFile}`
      if (await stageFile(home, stage, path)) wanted.push(path)
    }
    for (const { id } of database.prepare('SELECT id FROM runs').all() as { id: string }[])
      for (const path of await filesBelow(home, `runs/${id}/log`)) if (await stageFile(home, stage, path, 'copy')) wanted.push(path)
    for (const { name } of database.prepare('SELECT name FROM datasets').all() as { name: string }[])
      for (const path of await filesBelow(home, `datasets/${name}`)) if (await stageFile(home, stage, path)) wanted.push(path)
    settle(database)
  } finally {
    database.close()
  }
  const staged: StagedFile[] = []
  for (const path of ['retrace.sqlite', ...wanted]) staged.push({ path, bytes: (await stat(join(stage, path))).size })
  return staged
}

/** Marks active runs as interrupted in the copy and forgets the processes of the original home. */
function settle(database: Awaited<ReturnType<typeof openDriver>>): void {
  const reason = 'This run was active when the backup was made.'
  database
    .prepare(
      `UPDATE runs SET status = 'interrupted', phase = NULL, remainingSeconds = NULL, endedAt = ?,
         reason = iif(preset = ?, ?, ?)
       WHERE status IN (${ACTIVE.map(() => '?').join(', ')})`,
    )
    // eslint-disable-next-line no-restricted-syntax -- the label endedAt
    .run(Date.now(), LOGGED, reason, `${reason} Resume it from its last checkpoint.`, ...ACTIVE)
  database.prepare('UPDATE run_records SET pid = NULL').run()
  database.prepare("DELETE FROM settings WHERE key IN ('host.open', 'unfinished.elsewhere')").run()
}

/** @returns false when the file does not exist (any more) */
async function stageFile(home: string, stage: string, path: string, how: 'link' | 'copy' = 'link'): Promise<boolean> {
  if (!belongsToHome(path)) return false
  const [source, target] = [join(home, path), join(stage, path)]
  await makeFolderBelow(stage, dirname(target))
  try {
    if (how === 'link')
      try {
        // Files are never modified in place, so that a hard link is as good as a copy and takes no space.
        await link(source, target)
        return true
      } catch (error) {
        if (isMissing(error)) return false
        // Not every file system supports hard links.
      }
    await copyFile(source, target, constants.COPYFILE_FICLONE)
    return true
  } catch (error) {
    if (isMissing(error)) return false
    throw error
  }
}

async function filesBelow(home: string, folder: string): Promise<string[]> {
  let entries
  try {
    entries = await readdir(join(home, folder), { withFileTypes: true })
  } catch (error) {
    if (isMissing(error)) return []
    throw error
  }
  const found: string[] = []
  for (const entry of entries) {
    const path = posix.join(folder, entry.name)
    if (entry.isDirectory()) found.push(...(await filesBelow(home, path)))
    else if (entry.isFile()) found.push(path)
  }
  return found
}

async function writeTar(
  part: string,
  stage: string,
  head: Head,
  files: StagedFile[],
  onProgress: (progress: number | null, message: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const tar = pack()
  const fill = async (): Promise<void> => {
    let done = 0
    const sha256: Record<string, string> = {}
    addText(tar, HEAD, JSON.stringify(head))
    for (const { path, bytes } of files) {
      const hash = createHash('sha256')
      const entry = tar.entry({ name: path, size: bytes, mtime: new Date(head.createdAt) })
      const counted = new Transform({
        transform(chunk: Buffer, _encoding, next) {
          hash.update(chunk)
          done += chunk.length
          onProgress(head.bytes > 0 ? done / head.bytes : null, path)
          next(null, chunk)
        },
      })
      if (bytes === 0) entry.end(undefined)
      else await pipeline(createReadStream(join(stage, path), { end: bytes - 1 }), counted, entry, { signal })
      sha256[path] = hash.digest('hex')
    }
    addText(tar, TAIL, JSON.stringify({ sha256 }))
    tar.finalize()
  }
  const written = pipeline(tar, createWriteStream(part, { mode: 0o600 }), { signal })
  try {
    await Promise.all([fill(), written])
  } catch (error) {
    tar.destroy()
    await written.catch(() => undefined)
    throw error
  }
}

function addText(tar: Pack, name: string, text: string): void {
  tar.entry({ name }, text)
}
