import { parentPort, workerData } from 'node:worker_threads'
import { isUserError, type ErrorCode } from '../contract/errors.js'
import type { WorkOf } from '../contract/studies.js'
import { compute } from './compute.js'

/** What the thread of a computation tells its host. */
export type ComputeMessage =
  | { kind: 'progress'; fraction: number }
  | { kind: 'result'; result: Record<string, unknown> }
  | { kind: 'refused'; code: ErrorCode; message: string }

/** Milliseconds between two reports of the progress. */
const EVERY = 100

/** Entry of the thread that computes one cell of a study, and ends. */
if (!parentPort) throw new Error('compute-worker is the entry of a worker thread')
const port = parentPort
const tell = (message: ComputeMessage): void => port.postMessage(message)
let told = performance.now()
try {
  const result = compute(workerData as WorkOf<'computation'>, (fraction) => {
    if (performance.now() - told < EVERY) return
    told = performance.now()
    tell({ kind: 'progress', fraction })
  })
  tell({ kind: 'result', result })
} catch (error) {
  // What else is thrown ends the thread, and is told to the host by that.
  if (!isUserError(error)) throw error
  tell({ kind: 'refused', code: error.code, message: error.message })
}
