import { UserError } from '../contract/errors.js'

/** What is said of a path that cannot be used for what it is, whatever the work was about; undefined for other errors. */
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

const shortened = (path: string): string => (path.length > 200 ? `${path.slice(0, 200)}…` : path)
