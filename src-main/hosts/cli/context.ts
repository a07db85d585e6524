import { isUserError, UserError, type ErrorCode } from '../../contract/errors.js'
import type { OpenBackend } from '../host.js'

/** What a command has of the world; tests give their own. */
export interface Context {
  /** Results: standard output, a line each. */
  print(line: string): void
  /** Everything else for people: standard error. */
  note(line: string): void
  /** Shows a line that the next one replaces; null where standard error is not a terminal. */
  progress: ((line: string) => void) | null
  openBackend: OpenBackend
  /** The trainer's program, which runs the tools as well. */
  trainerEntry: string
  /** Folder of the built page. */
  page: string
  /** Resolves with the signal when the user wants the end. */
  end: Promise<NodeJS.Signals>
  onDefect(error: Error): void
}

/** Options of every command. */
export interface CommonOptions {
  home?: string
  json?: boolean
}

/** Exit status that a command asks for without being an error: its work was done, but the verdict is bad. */
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

/** What a call of the client failed with, as the user's error where it is one. */
export function asUserError(error: unknown): unknown {
  if (isUserError(error) || !(error instanceof Error) || error.name !== 'TRPCClientError') return error
  const { data, message } = error as unknown as ClientErrorLike
  if (data?.userCode) return new UserError(data.userCode, message, { cause: error })
  // No server has described this error: the connection was lost before the answer.
  if (!data) return new UserError('UNAVAILABLE', 'The process that holds the home folder is gone: run the command again.', { cause: error })
  if (data.code === 'BAD_REQUEST') return new UserError('BAD_INPUT', message, { cause: error })
  return error
}
