import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Progress } from './progress.js'

const STALE_MS = 10_000
const ATTEMPT_MS = 300

/** Runs `work` while no other set-up works on the same cache; the lock of a killed one is broken after ten seconds. */
export async function withSetupLock<T>(cache: string, progress: Progress, work: () => Promise<T>): Promise<T> {
  await mkdir(cache, { recursive: true })
  const release = await acquire(cache, progress)
  try {
    return await work()
  } finally {
    await release()
  }
}

async function acquire(cache: string, progress: Progress): Promise<() => Promise<void>> {
  // Loaded here, because a start that has nothing to set up never comes here.
  const { lock } = await import('proper-lockfile')
  for (let waited = false; ; waited = true) {
    try {
      let lost = false
      const release = await lock(cache, {
        lockfilePath: join(cache, 'setup.lock'),
        stale: STALE_MS,
        update: 2000,
        // Everything that set-up writes appears by a rename and is complete, so a lock lost to a long sleep of the machine does no harm.
        onCompromised: () => void (lost = true),
      })
      return () => (lost ? Promise.resolve() : release())
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ELOCKED') throw error
      if (!waited) progress.note('another set-up is at work; waiting for it')
      await new Promise((resolve) => setTimeout(resolve, ATTEMPT_MS))
    }
  }
}
