import { UserError } from '../contract/errors.js'

const codeOf = (error: unknown): string => (error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '')

/**
 * What a user can mend about a file or the database, as a UserError with the remedy; anything else is returned as it is.
 *
 * @param path the file or folder that the work was about
 */
export function explainDiskError(error: unknown, path: string): unknown {
  const code = codeOf(error)
  const because = { cause: error }
  if (code === 'SQLITE_FULL' || code === 'ENOSPC' || code === 'EDQUOT')
    return new UserError('DISK', `The disk that holds ${path} is full: free some space and try again.`, because)
  if (/^SQLITE_(READONLY|CANTOPEN|PERM)/.test(code) || ['EACCES', 'EPERM', 'EROFS'].includes(code))
    return new UserError(
      'DISK',
      `${path} cannot be written (${code}): give yourself the permission, or choose another home folder with --home or RETRACE_HOME.`,
      because,
    )
  if (/^SQLITE_IOERR/.test(code) || code === 'EIO')
    return new UserError('DISK', `Reading or writing ${path} failed (${code}): check the disk, then start Retrace again.`, because)
  if (/^SQLITE_(CORRUPT|NOTADB)/.test(code))
    return new UserError('DISK', `${path} is damaged (${code}): put a backup in its place, or move it away to begin anew.`, because)
  if (/^SQLITE_(BUSY|LOCKED)/.test(code))
    return new UserError('UNAVAILABLE', `${path} is in use by another program: close that program and try again.`, because)
  if (code === 'ENOTDIR' || code === 'EEXIST')
    return new UserError('DISK', `${path} cannot be made, because a file is in the way: move it, or choose another home folder.`, because)
  return error
}
