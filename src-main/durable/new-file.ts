import { lstat, link, open, rename, rm } from 'node:fs/promises'
import { UserError } from '../contract/errors.js'

const codeOf = (error: unknown): string => String((error as NodeJS.ErrnoException).code)

const exists = (path: string, cause?: unknown): UserError =>
  new UserError('CONFLICT', `${path} already exists. Choose another name, or remove it first.`, { cause })

/**
 * Checks before long work whether a file may be created; `placeNew` ensures it at the end.
 * @throws UserError CONFLICT when the path exists
 */
export async function refuseExisting(path: string): Promise<void> {
  try {
    await lstat(path)
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(codeOf(error))) return
    throw error
  }
  throw exists(path)
}

/**
 * Renames a file to a name that does not exist yet, atomically.
 * @throws UserError CONFLICT when the path exists
 */
export async function placeNew(temporary: string, path: string): Promise<void> {
  try {
    await link(temporary, path)
  } catch (error) {
    if (codeOf(error) === 'EEXIST') throw exists(path, error)
    // Not every file system supports hard links: an empty file reserves the name first.
    return takeName(temporary, path)
  }
  await rm(temporary)
}

async function takeName(temporary: string, path: string): Promise<void> {
  try {
    await (await open(path, 'wx')).close()
  } catch (error) {
    throw codeOf(error) === 'EEXIST' ? exists(path, error) : error
  }
  try {
    await rename(temporary, path)
  } catch (error) {
    await rm(path, { force: true })
    throw error
  }
}
