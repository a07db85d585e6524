import { isUserError, UserError, type ErrorCode } from '../../contract/errors.js'
import type { OpenBackend } from '../host.js'

/** The environment of a command; tests supply their own. */
export interface Context {
  /** Prints a line of results to standard output. */
  print(line: string): void
  /** Prints any other message to standard error. */
  note(line: string): void
  /** Shows a line that the next one replaces; null when standard error is not a terminal. */
  progress: ((line: string) => void) | null
  openBackend: OpenBackend
  /** The trainer program, which also runs the tools. */
  trainerEntry: string
  /** Folder of the built page. */
  page: string
  /** Resolves with the signal when the user asks to exit. */
  end: Promise<NodeJS.Signals>
  onDefect(error: Error): void
}

/** Options of every command. */
export interface CommonOptions {
  home?: string
  json?: boolean
}

/** A nonzero exit status without an error: the work was done, but its verdict is bad. */
export class ExitStatus extends Error {
  constructor(readonly status: number) {
    super(`exit ${status}`)
  }
}

interface ClientErrorLike {
  name: string
  message: string
  data?: { code?: string; userCode?: ErrorCode | null } | null
}

/** Converts the error of a client call to a `UserError` if it is one. */
export function asUserError(error: unknown): unknown {
  if (isUserError(error) || !(error instanceof Error) || error.name !== 'TRPCClientError') return error
  const { data, message } = error as unknown as ClientErrorLike
  if (data?.userCode) return new UserError(data.userCode, message, { cause: error })
  // No server has described this error: the connection was lost before the answer.
  if (!data)
    return new UserError('UNAVAILABLE', 'The connection to the process that holds the home folder was lost. Run the command again.', {
      cause: error,
    })
  if (data.code === 'BAD_REQUEST') return new UserError('BAD_INPUT', message, { cause: error })
  return error
}
