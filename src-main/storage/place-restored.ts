import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { z } from 'zod'
import { syncFolderSync } from '../durable/replace-file.js'

/** Folders inside the home: a complete and verified backup, and its state while it is moved into place. */
export const READY = '.restore-ready'
const PLACING = '.restore-placing'

/** The content that a backup contains and replaces. The rest of a home (locks, windows, uploads) belongs to the machine and is kept. */
const CONTENT = ['retrace.sqlite', 'retrace.sqlite-wal', 'retrace.sqlite-shm', 'runs', 'datasets']

const NOTE = 'restore.json'
const NoteSchema = z.object({ file: z.string(), createdAt: z.number(), aside: z.string() })

/** A prepared restore: the backup, when it was made, and where the home's old content goes. */
export type RestoreNote = z.infer<typeof NoteSchema>

export const noteFile = (folder: string): string => join(folder, NOTE)
const readNote = (folder: string): RestoreNote => NoteSchema.parse(JSON.parse(readFileSync(noteFile(folder), 'utf8')))

export interface Restored extends Pick<RestoreNote, 'file' | 'createdAt'> {
  /** Folder with the old content; null if there was none. */
  kept: string | null
}

/** Folder for the home's old content: next to it, or inside it if the parent is on another disk. */
export function asideOf(home: string): string {
  const beside = dirname(home)
  const folder = statSync(beside).dev === statSync(home).dev ? join(beside, basename(home)) : join(home, 'home')
  // eslint-disable-next-line no-restricted-syntax -- a name for people
  return `${folder}.before-restore-${new Date().toISOString().replace(/[:.]/g, '-')}`
}

/**
 * Replaces the content of a home with the backup that is ready in it, and moves the old content aside. Every step is one rename, and the
 * folder's name says which half is done: after a crash at any moment, the next call continues. The caller holds the home, and nothing has
 * it open.
 *
 * @param rename for tests that interrupt it
 * @returns null when no backup is ready
 */
export function placeRestored(home: string, rename = renameSync): Restored | null {
  const [ready, placing] = [join(home, READY), join(home, PLACING)]
  if (existsSync(ready)) {
    move(home, readNote(ready).aside, rename)
    rename(ready, placing)
    syncFolderSync(home)
  }
  if (!existsSync(placing)) return null
  const { aside, file, createdAt } = readNote(placing)
  move(placing, home, rename)
  rmSync(placing, { recursive: true, force: true })
  return { file, createdAt, kept: existsSync(aside) ? aside : null }
}

/** Restores the old content if the restored one cannot be opened; the latter is kept next to the home as well. */
export function takeBackRestored(home: string, kept: string | null): void {
  move(home, asideOf(home).replace('before-restore', 'not-restored'), renameSync)
  if (kept === null) return
  move(kept, home, renameSync)
  rmSync(kept, { recursive: true, force: true })
}

function move(from: string, to: string, rename: typeof renameSync): void {
  const names = CONTENT.filter((name) => existsSync(join(from, name)))
  if (names.length === 0) return
  mkdirSync(to, { recursive: true, mode: 0o700 })
  for (const name of names) rename(join(from, name), join(to, name))
  syncFolderSync(to)
  syncFolderSync(from)
}
