/** Reports a fault as a warning of the process, which continues. */
export const warn = (error: unknown): void => process.emitWarning(error instanceof Error ? error : String(error))

/**
 * Wraps the callbacks of a host's timers, events and streams: nobody awaits what is thrown there, so it would end the process with all of
 * its work.
 * @param fault receives what was thrown
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
