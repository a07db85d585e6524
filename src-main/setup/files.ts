import { copyFile, mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { goOn } from './run-command.js'
import { withFolder } from '../durable/folders.js'
import { replaceFile, syncFolder } from '../durable/replace-file.js'
import { isAtWork, makerIn, makerNow } from '../durable/unfinished.js'

const beside = (path: string): string => join(dirname(path), `.${basename(path)}.${makerNow()}`)

async function place(path: string, write: (temporary: string) => Promise<void>): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  await replaceFile(path, write, { temporary: beside(path) })
}

/** Writes a small file atomically, so that a reader sees either the old or the new content. */
export const writeFileAtomic = (path: string, text: string): Promise<void> => place(path, (temporary) => writeFile(temporary, text))

/** Copies a file into place in one rename. */
export const placeFile = (from: string, path: string): Promise<void> => place(path, (temporary) => copyFile(from, temporary))

/** Moves a finished folder into place; an existing one is removed first, because it is incomplete or outdated. */
export async function placeFolder(from: string, path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  await rm(path, { recursive: true, force: true })
  await rename(from, path)
  await syncFolder(dirname(path))
}

const TEMPORARY = 'tmp'

/** Runs `work` with a new folder inside the cache (so that renames stay on one file system), which is removed afterwards in any case. */
export async function withTemporaryFolder<T>(cache: string, purpose: string, work: (folder: string) => Promise<T>): Promise<T> {
  goOn()
  const parent = join(cache, TEMPORARY)
  await mkdir(parent, { recursive: true })
  return withFolder(join(parent, `${purpose}-${makerNow()}`), work)
}

/** Removes what killed set-ups left behind. */
export async function removeLeftovers(cache: string): Promise<void> {
  const parent = join(cache, TEMPORARY)
  for (const name of await readdir(parent).catch(() => [])) {
    // A killed set-up's pip or compiler may still be writing there for a moment; the next set-up then removes it.
    const maker = makerIn(name)
    if (maker === null || !isAtWork(maker))
      await rm(join(parent, name), { recursive: true, force: true, maxRetries: 3 }).catch(() => undefined)
  }
}
