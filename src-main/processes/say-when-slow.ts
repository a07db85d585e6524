import { guarded, warn } from './guarded.js'

/** Milliseconds after which a user at a terminal would wonder. */
const SLOW = 2000

/**
 * Waits for the work, and says once what is waited for when that takes longer than two seconds.
 * @param say told at that moment
 */
export async function sayWhenSlow<T>(work: Promise<T>, say: () => void): Promise<T> {
  const timer = setTimeout(guarded(warn, say), SLOW)
  try {
    return await work
  } finally {
    clearTimeout(timer)
  }
}
