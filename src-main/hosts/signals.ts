const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
const NUMBERS = { SIGINT: 2, SIGTERM: 15, SIGHUP: 1 }

/**
 * Calls back at the first request to end this process; a second request ends it at once.
 * @returns the function that leaves signals to Node again
 */
export function onEndRequest(end: (signal: NodeJS.Signals) => void): () => void {
  let asked = false
  const listener = (signal: (typeof SIGNALS)[number]): void => {
    if (asked) process.exit(128 + NUMBERS[signal])
    asked = true
    end(signal)
  }
  for (const signal of SIGNALS) process.on(signal, listener)
  return () => {
    for (const signal of SIGNALS) process.off(signal, listener)
  }
}

/** Exit status that tells the shell which signal ended a program. */
export const signalStatus = (signal: NodeJS.Signals): number => 128 + (NUMBERS[signal as keyof typeof NUMBERS] ?? 15)
