import { randomBytes } from 'node:crypto'
import { mkdir, readdir, rm, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { UserError } from '../contract/errors.js'

const codeOf = (error: unknown): string => (error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '')

/**
 * What a user can mend about a file, as a UserError with the remedy; anything else is returned as it is.
 * @param path named where the error does not name a file itself
 */
export function explainFileError(error: unknown, path: string): unknown {
  const at = error instanceof Error && 'path' in error && typeof error.path === 'string' ? error.path : path
  const because = { cause: error }
  switch (codeOf(error)) {
    case 'ENOENT':
    case 'ENOTDIR':
      return new UserError('NOT_FOUND', `${at} does not exist: check the path.`, because)
    case 'ENOSPC':
    case 'EDQUOT':
      return new UserError('DISK', `The disk that holds ${at} is full: free some space and try again.`, because)
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return new UserError('DISK', `${at} cannot be read or written (${codeOf(error)}): give yourself the permission.`, because)
    case 'EIO':
      return new UserError('DISK', `Reading or writing ${at} failed (EIO): check the disk and try again.`, because)
    default:
      return error
  }
}

/** Bytes that this user may still write to the disk that holds the folder. */
export async function freeBytes(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder)
  return bavail * bsize
}

/** @throws UserError DISK when so many bytes do not fit */
export async function requireSpace(folder: string, bytes: number, free: typeof freeBytes): Promise<void> {
  const available = await free(folder)
  if (available >= bytes) return
  const [needed, left] = [bytes, available].map((value) => `${(value / 2 ** 20).toFixed(0)} MiB`)
  throw new UserError('DISK', `The import needs about ${needed} on the disk of ${folder}, which has ${left} left: free some space first.`)
}

const PREFIX = '.importing-'

/** Removes the temporary folders of processes that are no more. */
export async function removeLeftovers(parent: string): Promise<void> {
  for (const name of await readdir(parent)) {
    const owner = name.startsWith(PREFIX) ? Number(name.slice(PREFIX.length).split('-')[0]) : NaN
    if (Number.isInteger(owner) && !alive(owner)) await rm(join(parent, name), { recursive: true, force: true })
  }
}

/**
 * Runs `work` with a new hidden folder inside `parent`, so that its content can be renamed into place; the folder is removed
 * afterwards whatever happens, and with it those that killed processes left behind.
 */
export async function withTemporaryFolder<T>(parent: string, work: (folder: string) => Promise<T>): Promise<T> {
  await mkdir(parent, { recursive: true })
  await removeLeftovers(parent)
  const folder = join(parent, `${PREFIX}${process.pid}-${randomBytes(4).toString('hex')}`)
  await mkdir(folder)
  try {
    return await work(folder)
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 3 })
  }
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return codeOf(error) === 'EPERM'
  }
}
