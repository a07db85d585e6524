import { parentPort, workerData } from 'node:worker_threads'
import { isUserError, type ErrorCode } from '../contract/errors.js'
import type { WorkOf } from '../contract/studies.js'
import { compute } from './compute.js'

/** Messages from the thread of a computation to its host. */
export type ComputeMessage =
  | { kind: 'progress'; fraction: number }
  | { kind: 'result'; result: Record<string, unknown> }
  | { kind: 'refused'; code: ErrorCode; message: string }

/** Minimum time between two progress reports, in milliseconds. */
const EVERY = 100

/** Entry of the thread that computes one cell of a study, then ends. */
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
  // Any other error ends the thread, which reports it to the host.
  if (!isUserError(error)) throw error
  tell({ kind: 'refused', code: error.code, message: error.message })
}
