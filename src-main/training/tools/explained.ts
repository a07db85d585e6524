import { UserError } from '../../contract/errors.js'
import { NetworkConfigError } from '../../numeric/network.js'

/** Runs work on a network that the user configured; @throws UserError BAD_INPUT naming every invalid field */
export function explained<T>(work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (error instanceof NetworkConfigError) throw new UserError('BAD_INPUT', error.message, { cause: error })
    throw error
  }
}
