import { accessSync, closeSync, constants, openSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { openDriver } from './driver.mjs'

// JavaScript, because the launcher takes its lock before anything is built.

const RETRY_MS = 300

/** @typedef {{ release(): void }} Lock Releasing it again does nothing. */

/**
 * Creates the file for its user alone, because anyone who can open it can lock it. An existing one is never opened here: closing it would
 * release this process's lock on it.
 * @param {string} file
 */
function makeFile(file) {
  try {
    closeSync(openSync(file, 'wx', 0o600))
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'EEXIST') throw error
    accessSync(file, constants.R_OK | constants.W_OK)
  }
}

/**
 * Takes a lock for this process, or returns null if another process has it.
 *
 * The lock is SQLite's own, an exclusive transaction on a file that stays open: the operating system releases it when the process ends,
 * however that happens, and no age has to be guessed as with a file that names a process. Nothing is ever written: the journal of the
 * transaction is in memory, so that a home on a full disk can be locked and cleaned.
 * @param {string} file in an existing folder; it is left behind, empty
 * @returns {Promise<Lock | null>}
 */
export async function tryLock(file) {
  makeFile(file)
  const database = await openDriver(file)
  try {
    database.pragma('busy_timeout = 0')
    database.pragma('journal_mode = MEMORY')
    database.exec('BEGIN EXCLUSIVE')
  } catch (error) {
    database.close()
    if (String(/** @type {{ code?: unknown }} */ (error).code).startsWith('SQLITE_BUSY')) return null
    throw error
  }
  return {
    release() {
      if (database.open) database.close()
    },
  }
}

/**
 * Runs the work while no other process runs its work under the same lock, waiting for it if necessary.
 * @template T
 * @param {string} file as for `tryLock`
 * @param {() => Promise<T>} work
 * @param {{ onWait?: () => void, signal?: AbortSignal }} [options] `onWait` is called once, before it waits; if the signal aborts, its
 *   reason is thrown, unless the work has started
 * @returns {Promise<T>}
 */
export async function withLock(file, work, { onWait = () => undefined, signal } = {}) {
  let lock = await tryLock(file)
  if (lock === null) onWait()
  while (lock === null) {
    await sleep(RETRY_MS)
    signal?.throwIfAborted()
    lock = await tryLock(file)
  }
  try {
    return await work()
  } finally {
    lock.release()
  }
}
