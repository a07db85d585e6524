import { guarded, warn } from './guarded.js'

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
const NUMBERS = { SIGINT: 2, SIGTERM: 15, SIGHUP: 1 }

/**
 * Milliseconds within which one Ctrl+C may arrive several times: from the terminal, which signals every process in its foreground, and from
 * npm or a launcher, which forward it.
 */
const ONE_KEY_PRESS = 500

/**
 * Calls back at the first request to end this process. A second Ctrl+C ends it at once; any other repeated signal counts as the same
 * request, because a service manager signals every process of a service and each may forward it.
 * @returns a function that restores Node's default handling
 */
export function onEndRequest(end: (signal: NodeJS.Signals) => void): () => void {
  let asked = false
  let pressed: number | null = null
  const listener = guarded(warn, (signal: (typeof SIGNALS)[number]) => {
    if (signal === 'SIGINT') {
      const now = performance.now()
      if (pressed !== null && now - pressed > ONE_KEY_PRESS) process.exit(128 + NUMBERS[signal])
      pressed ??= now
    }
    if (asked) return
    asked = true
    end(signal)
  })
  for (const signal of SIGNALS) process.on(signal, listener)
  return () => {
    for (const signal of SIGNALS) process.off(signal, listener)
  }
}

/** The exit status that tells the shell which signal ended the program. */
export const signalStatus = (signal: NodeJS.Signals): number => 128 + (NUMBERS[signal as keyof typeof NUMBERS] ?? 15)

/**
 * Whether a process was ended by a signal that requests its end, as at a shutdown, a logout or the time limit of a batch system: this is
 * not a crash, and its work is fine.
 * @param status its exit code, or the signal that ended it
 */
export const wasAskedToEnd = (status: NodeJS.Signals | number | null): status is (typeof SIGNALS)[number] =>
  SIGNALS.includes(status as (typeof SIGNALS)[number])
