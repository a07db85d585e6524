import type Sqlite from 'better-sqlite3'
import { mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { syncFolderSync } from '../durable/replace-file.js'
import { unfinishedFile } from '../durable/unfinished.js'

/** Number of copies kept; the newest ones are. */
const KEPT = 3
const NAME = /^retrace-(\d{4})\.sqlite$/

/** The folder of a home with copies of its database from before newer versions of the program migrated it. */
export const upgradesFolder = (home: string): string => join(home, 'before-upgrade')

/**
 * Copies the database before its migrations, which cannot be undone, so that the version that wrote it can be used again: with the copy and
 * the home's other files, which no migration changes.
 * @param version the schema version of the database
 * @returns the path of the copy
 */
export function keepBefore(db: Sqlite.Database, home: string, version: number): string {
  const folder = upgradesFolder(home)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const file = join(folder, `retrace-${String(version).padStart(4, '0')}.sqlite`)
  const temporary = unfinishedFile(file)
  try {
    // A consistent copy in a single file without a write-ahead log; SQLite syncs it to disk.
    db.prepare('VACUUM INTO ?').run(temporary)
    renameSync(temporary, file)
  } catch (error) {
    rmSync(temporary, { force: true })
    throw error
  }
  syncFolderSync(folder)
  const older = readdirSync(folder)
    .filter((name) => NAME.test(name))
    .sort()
    .slice(0, -KEPT)
  for (const name of older) rmSync(join(folder, name))
  return file
}
