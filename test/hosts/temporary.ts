import { onTestFinished } from 'vitest'
import { temporaryFolder as scoped } from '../fixtures/home.js'

/** A folder of the running test, which is removed after it, even if one of its programs writes there until the end. */
export function temporaryFolder(): string {
  const folder = scoped()
  onTestFinished(() => folder[Symbol.dispose]())
  return folder.path
}
