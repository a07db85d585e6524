import { rmSync, statfsSync, statSync } from 'node:fs'
import { lstat, readdir, rmdir } from 'node:fs/promises'
import { join, posix } from 'node:path'
import type { HomeDisk, HomeFile } from '../experiments/ports.js'
import { explainDiskError } from './disk-errors.js'

/** The database of a home and the files that SQLite keeps beside it. */
const DATABASE_FILES = ['retrace.sqlite', 'retrace.sqlite-wal', 'retrace.sqlite-shm']

const isMissing = (error: unknown): boolean => ['ENOENT', 'ENOTDIR'].includes(String((error as NodeJS.ErrnoException).code))

/** What vanishes while it is looked at is as good as not there. */
async function orMissing<T>(work: Promise<T>, missing: T): Promise<T> {
  try {
    return await work
  } catch (error) {
    if (isMissing(error)) return missing
    throw error
  }
}

export function openHomeDisk(home: string): HomeDisk {
  async function describe(path: string): Promise<HomeFile | null> {
    const stat = await orMissing(lstat(join(home, path)), null)
    return stat?.isFile() ? { path, bytes: stat.size, inode: `${stat.dev}:${stat.ino}` } : null
  }

  async function walk(folder: string, into: HomeFile[]): Promise<void> {
    for (const entry of await orMissing(readdir(join(home, folder), { withFileTypes: true }), [])) {
      const path = posix.join(folder, entry.name)
      if (entry.isDirectory()) await walk(path, into)
      else {
        const file = await describe(path)
        if (file) into.push(file)
      }
    }
  }

  return {
    space() {
      try {
        const { bavail, blocks, bsize } = statfsSync(home)
        return { free: bavail * bsize, total: blocks * bsize }
      } catch {
        // Some network file systems do not tell; nothing is guarded there then.
        return null
      }
    },
    async files() {
      const found: HomeFile[] = []
      for (const name of DATABASE_FILES) {
        const file = await describe(name)
        if (file) found.push(file)
      }
      await walk('runs', found)
      await walk('datasets', found)
      return found
    },
    size(path) {
      const stat = statSync(join(home, path), { throwIfNoEntry: false })
      return stat?.isFile() ? stat.size : null
    },
    remove(path) {
      try {
        rmSync(join(home, path), { force: true })
      } catch (error) {
        throw explainDiskError(error, join(home, path))
      }
    },
    async removeEmptyFolders() {
      for (const id of await orMissing(readdir(join(home, 'runs')), []))
        for (const folder of ['checkpoints', 'log', ''])
          // Only an empty folder can be removed so; every other answer means that it is needed.
          await rmdir(join(home, 'runs', id, folder)).catch(() => undefined)
    },
  }
}
