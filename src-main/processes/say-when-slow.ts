import { guarded, warn } from './guarded.js'

/** Milliseconds after which a user at a terminal would start to wonder. */
const SLOW = 2000

/**
 * Awaits the work, and calls `say` once if that takes longer than two seconds.
 * @param say reports what is being waited for
 */
export async function sayWhenSlow<T>(work: Promise<T>, say: () => void): Promise<T> {
  const timer = setTimeout(guarded(warn, say), SLOW)
  try {
    return await work
  } finally {
    clearTimeout(timer)
  }
}
