import { isUserError } from '../contract/errors.js'
import { printable } from '../contract/printable.js'

/**
 * The message for standard error when a program cannot continue: one line for what the user can fix, or the stack trace of a defect.
 */
export function describeFailure(error: unknown): string {
  if (isUserError(error)) return `retrace: ${printable(error.message)}`
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error)
  return `retrace: internal error. This is a bug in Retrace; please report it with the following lines.\n${printable(stack)}`
}
