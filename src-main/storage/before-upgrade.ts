import type Sqlite from 'better-sqlite3'
import { mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { syncFolderSync } from '../durable/replace-file.js'
import { unfinishedFile } from '../durable/unfinished.js'

/** Copies that are kept, the newest ones. */
const KEPT = 3
const NAME = /^retrace-(\d{4})\.sqlite$/

/** Folder of a home with its databases as they were before a newer version of the program changed them. */
export const upgradesFolder = (home: string): string => join(home, 'before-upgrade')

/**
 * Copies the database as it is before its migrations, which cannot be undone, so that the version of the program that wrote it can go on
 * with it: beside the home's other files, of which no migration changes any.
 * @param version of the schema that the database has
 * @returns the copy
 */
export function keepBefore(db: Sqlite.Database, home: string, version: number): string {
  const folder = upgradesFolder(home)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const file = join(folder, `retrace-${String(version).padStart(4, '0')}.sqlite`)
  const temporary = unfinishedFile(file)
  try {
    // A whole copy as of one moment, without a log beside it; SQLite forces it to the disk.
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
