import { mkdirSync, statSync } from 'node:fs'
import { mkdir, rm, stat } from 'node:fs/promises'
import { dirname, relative, sep } from 'node:path'

const codeOf = (error: unknown): unknown => (error as NodeJS.ErrnoException).code

/** The parent folder that has to be created first; undefined if that is the root itself, which is never created here. */
function parentBelow(root: string, path: string): string | undefined {
  const parent = dirname(path)
  const from = relative(root, parent)
  return from === '' || from === '..' || from.startsWith(`..${sep}`) ? undefined : parent
}

/**
 * Creates a folder and its parents below a root, but never the root itself: if that has been moved or removed, an empty folder in its place
 * would look like a home without content.
 * @throws Error ENOENT when the root does not exist, EEXIST when a file is in the way
 */
export async function makeFolderBelow(root: string, path: string, mode?: number): Promise<void> {
  if (relative(root, path) === '') return
  try {
    await mkdir(path, { mode })
  } catch (error) {
    const parent = parentBelow(root, path)
    if (codeOf(error) === 'EEXIST' && (await stat(path)).isDirectory()) return
    if (codeOf(error) !== 'ENOENT' || parent === undefined) throw error
    await makeFolderBelow(root, parent, mode)
    await mkdir(path, { mode }).catch(async (again: unknown) => {
      if (codeOf(again) !== 'EEXIST' || !(await stat(path)).isDirectory()) throw again
    })
  }
}

/** The synchronous variant. */
export function makeFolderBelowSync(root: string, path: string, mode?: number): void {
  if (relative(root, path) === '') return
  try {
    mkdirSync(path, { mode })
  } catch (error) {
    const parent = parentBelow(root, path)
    if (codeOf(error) === 'EEXIST' && statSync(path).isDirectory()) return
    if (codeOf(error) !== 'ENOENT' || parent === undefined) throw error
    makeFolderBelowSync(root, parent, mode)
    mkdirSync(path, { mode })
  }
}

/** Runs work with a temporary folder, which is removed afterwards in any case. @param folder its parent must exist */
export async function withFolder<T>(folder: string, work: (folder: string) => Promise<T>): Promise<T> {
  await mkdir(folder)
  try {
    return await work(folder)
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 3 })
  }
}
