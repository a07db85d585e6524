import { dirname } from 'node:path'
import { UserError } from '../contract/errors.js'

/** The message for a path that cannot be used, whatever the operation; undefined for other errors. */
export function explainPath(code: string, path: string, cause: unknown): UserError | undefined {
  switch (code) {
    case 'EISDIR':
      return new UserError('BAD_INPUT', `${path} is a folder. Give the path of a file.`, { cause })
    case 'ENAMETOOLONG':
      return new UserError('BAD_INPUT', `The path ${shortened(path)} is too long. Give a shorter one.`, { cause })
    case 'ELOOP':
      return new UserError('BAD_INPUT', `${path} is a circular link. Give the path of the file itself.`, { cause })
    case 'EMFILE':
    case 'ENFILE':
      return new UserError('UNAVAILABLE', 'Too many files are open on this machine. Close other programs and try again.', { cause })
    default:
      return undefined
  }
}

/** Converts an error of writing a file to one with a remedy; other errors are returned unchanged. */
export function explainWriting(error: unknown, path: string): unknown {
  const code = (error as NodeJS.ErrnoException).code
  if (code === 'ENOSPC')
    return new UserError('DISK', `Cannot write ${path}: the disk is full. Free some space and resume the run.`, { cause: error })
  if (code === 'EROFS' || code === 'EACCES')
    return new UserError('DISK', `Cannot write ${path}: permission denied (${code}). Check the permissions of the home folder.`, {
      cause: error,
    })
  if (code === 'ENOENT')
    return new UserError('DISK', `Cannot write ${path}: the folder ${dirname(path)} does not exist. Create it first.`, { cause: error })
  if (code === 'EISDIR' || code === 'ENOTEMPTY' || code === 'EEXIST')
    return new UserError('DISK', `Cannot write ${path}: it is a folder. Give the path of a file.`, { cause: error })
  return explainPath(code ?? '', path, error) ?? error
}

const shortened = (path: string): string => (path.length > 200 ? `${path.slice(0, 200)}…` : path)
