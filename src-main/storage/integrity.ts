import { Worker } from 'node:worker_threads'
import type Sqlite from 'better-sqlite3'
import { guarded, warn } from '../processes/guarded.js'
import { explainDiskError } from './disk-errors.js'
import { locateDriver } from '../sqlite/driver.mjs'
import program from './integrity-worker.cjs?raw'

const CHECKS = ['integrity_check', 'foreign_key_check'] as const

type Answer = { found: unknown[]; failure?: undefined } | { found?: undefined; failure: { message: string; code?: string } }

/**
 * The findings of SQLite's own checks on this connection; empty if there are none. Reads the whole database, and blocks until it is done.
 */
export const problemsOf = (connection: Sqlite.Database): string[] => describe(CHECKS.map((check) => connection.pragma(check)))

function describe([integrity, foreign]: unknown[]): string[] {
  return [
    ...(integrity as { integrity_check: string }[]).map((row) => row.integrity_check).filter((text) => text !== 'ok'),
    ...(foreign as { table: string }[]).map(({ table }) => `${table}: a row refers to a missing row`),
  ]
}

/**
 * Runs `problemsOf` on a database, which may be in use, in a thread of its own: a database of several GB takes seconds, and is written to
 * meanwhile.
 *
 * @throws UserError DISK when it cannot be read, and the signal's reason
 */
export async function findProblems(file: string, signal?: AbortSignal): Promise<string[]> {
  signal?.throwIfAborted()
  const worker = new Worker(program, {
    eval: true,
    name: 'integrity',
    execArgv: [],
    workerData: { ...locateDriver(), file, checks: CHECKS },
  })
  const stop = guarded(warn, () => void worker.terminate())
  signal?.addEventListener('abort', stop)
  try {
    const { found, failure } = await new Promise<Answer>((resolve, reject) => {
      worker.once('message', resolve)
      worker.once('error', reject)
      worker.once('exit', (code) => reject(new Error(`the check of ${file} exited with status ${code}`)))
    })
    if (/^SQLITE_(CORRUPT|NOTADB)/.test(failure?.code ?? '')) return [`the check could not be completed: ${failure?.message}`]
    if (failure) throw Object.assign(new Error(failure.message), failure)
    return describe(found)
  } catch (error) {
    signal?.throwIfAborted()
    throw explainDiskError(error, file)
  } finally {
    signal?.removeEventListener('abort', stop)
  }
}
