/** A closed list: each code has one HTTP and tRPC meaning and one exit behaviour on the command line. */
export const ERROR_CODES = ['BAD_INPUT', 'NOT_FOUND', 'CONFLICT', 'UNAVAILABLE', 'DISK', 'INTERNAL'] as const
export type ErrorCode = (typeof ERROR_CODES)[number]

/** Why something cannot be stored now but may be later: another program holds the database, or the disk is full. */
export type Obstacle = 'busy' | 'full'

/** An error whose message tells the user the cause and the remedy. Anything else that is thrown is a defect. */
export class UserError extends Error {
  override readonly name = 'UserError'
  readonly obstacle: Obstacle | null
  constructor(
    readonly code: ErrorCode,
    message: string,
    options?: ErrorOptions & { obstacle?: Obstacle },
  ) {
    super(message, options)
    this.obstacle = options?.obstacle ?? null
  }
}

/** An option of a study or diagnostic that cannot be used; the message begins with its name, as people type it on the command line. */
export class OptionError extends UserError {
  /** @param why a sentence with the cause and the remedy, without the name of the option */
  constructor(
    readonly option: string,
    readonly why: string,
  ) {
    super('BAD_INPUT', `${option}: ${why}`)
  }
}

export const isUserError = (error: unknown): error is UserError => error instanceof UserError

/** Null for errors that would occur again on a retry. */
export const obstacleOf = (error: unknown): Obstacle | null => (isUserError(error) ? error.obstacle : null)
