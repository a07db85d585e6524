import { readdir, rm, statfs } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { UserError } from '../contract/errors.js'
import { makeFolderBelow, withFolder } from '../durable/folders.js'
import { explainPath } from '../durable/file-errors.js'
import { isAtWork, unfinishedAt, unfinishedFolder } from '../durable/unfinished.js'

const codeOf = (error: unknown): string => (error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '')

/**
 * Converts a file error that the user can fix to a UserError with the remedy; anything else is returned unchanged.
 * @param path used if the error itself does not name a file
 */
export function explainFileError(error: unknown, path: string): unknown {
  const at = error instanceof Error && 'path' in error && typeof error.path === 'string' ? error.path : path
  const because = { cause: error }
  switch (codeOf(error)) {
    case 'ENOENT':
    case 'ENOTDIR':
      return new UserError('NOT_FOUND', `${at} does not exist. Check the path.`, because)
    case 'ENOSPC':
    case 'EDQUOT':
      return new UserError('DISK', `The disk of ${at} is full. Free some space and try again.`, because)
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return new UserError('DISK', `Cannot read or write ${at}: permission denied (${codeOf(error)}). Change its permissions.`, because)
    case 'EIO':
      return new UserError('DISK', `Cannot read or write ${at}: input/output error (EIO). Check the disk and try again.`, because)
    case 'EEXIST':
      return new UserError('CONFLICT', `${at} already exists. Choose another name, or move it away.`, because)
    default:
      return explainPath(codeOf(error), at, error) ?? error
  }
}

/** Bytes that this user may still write to the disk of the folder. */
export async function freeBytes(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder)
  return bavail * bsize
}

/** @throws UserError DISK when this number of bytes does not fit */
export async function requireSpace(folder: string, bytes: number, free: typeof freeBytes): Promise<void> {
  const available = await free(folder)
  if (available >= bytes) return
  const [needed, left] = [bytes, available].map((value) => `${(value / 2 ** 20).toFixed(0)} MiB`)
  throw new UserError(
    'DISK',
    `The import needs about ${needed} on the disk of ${folder}, which has only ${left} free. Free some space first.`,
  )
}

/** Removes the temporary folders of processes that have ended. */
export async function removeLeftovers(parent: string): Promise<void> {
  for (const name of await readdir(parent)) {
    const found = unfinishedAt(name, 'folder')
    if (found?.purpose === 'importing' && found.maker !== null && !isAtWork(found.maker))
      await rm(join(parent, name), { recursive: true, force: true })
  }
}

/**
 * Runs `work` with a new hidden folder inside `parent`, so that its content can be renamed into place; the folder is removed afterwards in
 * any case, together with those left behind by killed processes.
 */
export async function withTemporaryFolder<T>(parent: string, work: (folder: string) => Promise<T>): Promise<T> {
  await makeFolderBelow(dirname(parent), parent)
  await removeLeftovers(parent)
  return withFolder(unfinishedFolder(parent, 'importing'), work)
}
