import { UserError } from '../contract/errors.js'
import { explainPath } from '../durable/file-errors.js'

const codeOf = (error: unknown): string => (error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '')

/**
 * Converts an error of a file or the database that the user can fix to a UserError with the remedy; anything else is returned unchanged.
 *
 * @param path the file or folder concerned
 */
export function explainDiskError(error: unknown, path: string): unknown {
  const code = codeOf(error)
  const because = { cause: error }
  if (code === 'SQLITE_FULL' || code === 'SQLITE_IOERR_SHMSIZE' || code === 'ENOSPC' || code === 'EDQUOT')
    return new UserError('DISK', `The disk of ${path} is full. Free some space and try again.`, { ...because, obstacle: 'full' })
  if (/^SQLITE_(READONLY|CANTOPEN|PERM)/.test(code) || ['EACCES', 'EPERM', 'EROFS'].includes(code))
    return new UserError(
      'DISK',
      `Cannot write ${path}: permission denied (${code}). Change its permissions, or choose another home folder with --home or RETRACE_HOME.`,
      because,
    )
  if (/^SQLITE_IOERR/.test(code) || code === 'EIO')
    return new UserError(
      'DISK',
      `Cannot read or write ${path}: input/output error (${code}). Check the disk, then start Retrace again.`,
      because,
    )
  if (/^SQLITE_(CORRUPT|NOTADB)/.test(code))
    return new UserError(
      'DISK',
      `${path} is damaged (${code}). Restore a backup, or move the file away to start with an empty home.`,
      because,
    )
  if (/^SQLITE_(BUSY|LOCKED)/.test(code))
    return new UserError('UNAVAILABLE', `${path} is in use by another program. Close that program and try again.`, {
      ...because,
      obstacle: 'busy',
    })
  if (code === 'ENOTDIR' || code === 'EEXIST')
    return new UserError('DISK', `Cannot create ${path}: a file with that name exists. Move it, or choose another home folder.`, because)
  return explainPath(code, path, error) ?? error
}
