import { isUserError } from '../contract/errors.js'

/**
 * What to print on standard error when a program cannot go on: one line for what the user can mend, and for a defect its
 * stack, which a report of it needs.
 */
export function describeFailure(error: unknown): string {
  if (isUserError(error)) return `retrace: ${error.message}`
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error)
  return `retrace: an unexpected error, which is a defect of Retrace; please report it with these lines.\n${stack}`
}
