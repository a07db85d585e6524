import { onTestFinished } from 'vitest'
import { temporaryFolder as scoped } from '../fixtures/home.js'

/** A folder of the running test, removed after it, also where one of its programs writes there to the last. */
export function temporaryFolder(): string {
  const folder = scoped()
  onTestFinished(() => folder[Symbol.dispose]())
  return folder.path
}
