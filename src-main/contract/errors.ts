/** Closed list: each has one HTTP/tRPC meaning and one exit behaviour on the command line. */
export type ErrorCode = 'BAD_INPUT' | 'NOT_FOUND' | 'CONFLICT' | 'UNAVAILABLE' | 'DISK' | 'INTERNAL'

/** An error whose message is one clear sentence for the user, with the remedy. Anything else thrown is a defect. */
export class UserError extends Error {
  override readonly name = 'UserError'
  constructor(
    readonly code: ErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options)
  }
}

export const isUserError = (error: unknown): error is UserError => error instanceof UserError
