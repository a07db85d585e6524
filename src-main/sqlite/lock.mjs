import { accessSync, closeSync, constants, openSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { openDriver } from './driver.mjs'

// JavaScript, because the launcher takes its lock before anything is built.

const RETRY_MS = 300

/** @typedef {{ release(): void }} Lock Releasing it again does nothing. */

/**
 * Makes the file for its user alone, since whoever can open it can lock it. One that is there is never opened here: closing it again would
 * give up the lock of this process on it.
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
 * Takes a lock for this process, or answers null when another has it.
 *
 * The lock is SQLite's own, an exclusive transaction on a file that stays open: the operating system frees it with the process, however
 * that ends, and no age has to be guessed as with a file that names a process. Nothing is ever written: the journal of the transaction is
 * in memory, so that a full disk can be locked and cleaned.
 * @param {string} file in a folder that is there; it is left behind, empty
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
 * Does the work while no other process does it under the same lock, waiting for one that does.
 * @template T
 * @param {string} file as `tryLock` takes it
 * @param {() => Promise<T>} work
 * @param {{ onWait?: () => void, signal?: AbortSignal }} [options] `onWait` is called once, before it waits; at the signal its reason is
 * thrown, unless the work has begun
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
