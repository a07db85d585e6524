/** Reports a fault as a warning of the process, which continues. */
export const warn = (error: unknown): void => process.emitWarning(error instanceof Error ? error : String(error))

/**
 * The one way in which a host's timers, events and streams call back: what is thrown there has nobody who waits for it, and would end
 * the process with all that it does.
 * @param fault told of what was thrown
 */
export const guarded =
  <A extends unknown[]>(fault: (error: unknown) => void, work: (...args: A) => void): ((...args: A) => void) =>
  (...args) => {
    try {
      work(...args)
    } catch (error) {
      fault(error)
    }
  }
