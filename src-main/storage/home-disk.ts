import { rmSync, statfsSync, statSync } from 'node:fs'
import { lstat, readdir, rmdir } from 'node:fs/promises'
import { basename, dirname, join, posix, resolve } from 'node:path'
import { listFolder } from './list-folder.js'
import { isAtWork, unfinishedAt, type UnfinishedName } from '../durable/unfinished.js'
import { explainDiskError } from './disk-errors.js'
import type { HomeDisk, HomeFile, UnfinishedFiles } from '../features/home/home-disk.js'

/** The database of a home, SQLite's auxiliary files, and the space that is reserved for it. */
const DATABASE_FILES = ['retrace.sqlite', 'retrace.sqlite-wal', 'retrace.sqlite-shm', 'reserve']

/** Folders of a home in which files are created, and the depth of their subfolders. */
const PLACES = [
  ['runs', 2],
  ['datasets', 1],
  ['uploads', 0],
  ['exports', Infinity],
] as const

const isMissing = (error: unknown): boolean => ['ENOENT', 'ENOTDIR'].includes(String((error as NodeJS.ErrnoException).code))

/** A file that disappears while it is examined counts as missing. */
async function orMissing<T>(work: Promise<T>, missing: T): Promise<T> {
  try {
    return await work
  } catch (error) {
    if (isMissing(error)) return missing
    throw error
  }
}

/** @param requireHome throws when the home is lost; called before anything is removed */
export function openHomeDisk(home: string, requireHome: () => void = () => undefined): HomeDisk {
  async function describe(path: string): Promise<HomeFile | null> {
    const stat = await orMissing(lstat(resolve(home, path)), null)
    if (!stat?.isFile()) return null
    return { path, bytes: stat.size, inode: `${stat.dev}:${stat.ino}`, writtenAt: stat.mtimeMs }
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

  /** Collects unfinished entries of a folder, and of its finished subfolders. */
  async function gather(folder: string, depth: number, into: UnfinishedFiles[]): Promise<void> {
    for (const entry of await orMissing(readdir(join(home, folder), { withFileTypes: true }), [])) {
      const path = posix.join(folder, entry.name)
      if (!entry.isDirectory() && !entry.isFile()) continue
      const found = unfinishedAt(path, entry.isDirectory() ? 'folder' : 'file')
      if (found) into.push(...(await describeUnfinished(path, found, entry.isDirectory())))
      else if (entry.isDirectory() && depth > 0) await gather(path, depth - 1, into)
    }
  }

  async function describeUnfinished(path: string, { purpose, maker }: UnfinishedName, isFolder: boolean): Promise<UnfinishedFiles[]> {
    const stat = await orMissing(lstat(resolve(home, path)), null)
    if (!stat) return []
    const files: HomeFile[] = []
    if (isFolder) await walk(path, files)
    else files.push(...[await describe(path)].flatMap((file) => file ?? []))
    const writtenAt = files.reduce((last, file) => Math.max(last, file.writtenAt), stat.mtimeMs)
    return [{ path, what: purpose, writtenAt, maker: maker && isAtWork(maker) ? maker.pid : null, files }]
  }

  return {
    space() {
      try {
        const { bavail, blocks, bsize } = statfsSync(home)
        return { free: bavail * bsize, total: blocks * bsize }
      } catch {
        // Some network file systems do not report it; free space is not monitored then.
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
    async unfinished() {
      const found: UnfinishedFiles[] = []
      await gather('.', 0, found)
      // Runs keep their files in subfolders; data sets are folders next to each other.
      for (const [folder, depth] of PLACES) await gather(folder, depth, found)
      return found
    },
    async unfinishedBeside(path) {
      const found: UnfinishedFiles[] = []
      const folder = dirname(path)
      for (const name of await orMissing(readdir(folder), [])) {
        const unfinished = unfinishedAt(name, 'file')
        if (unfinished && name.startsWith(`${basename(path)}.unfinished-`))
          found.push(...(await describeUnfinished(join(folder, name), unfinished, false)))
      }
      return found
    },
    size(path) {
      const stat = statSync(join(home, path), { throwIfNoEntry: false })
      return stat?.isFile() ? stat.size : null
    },
    remove(path) {
      requireHome()
      try {
        rmSync(resolve(home, path), { recursive: true, force: true, maxRetries: 3 })
      } catch (error) {
        throw explainDiskError(error, resolve(home, path))
      }
    },
    list: listFolder,

    async removeEmptyFolders() {
      requireHome()
      for (const id of await orMissing(readdir(join(home, 'runs')), []))
        for (const folder of ['checkpoints', 'log', ''])
          // Only an empty folder can be removed this way; any error means that it is needed.
          await rmdir(join(home, 'runs', id, folder)).catch(() => undefined)
    },
  }
}
