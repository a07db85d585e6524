import { createRequire } from 'node:module'
import { join } from 'node:path'

// JavaScript, because the launcher takes its lock before anything is built.

/**
 * The SQLite driver for this Node. Version 13 includes its binaries but needs N-API 10 (it crashes Node 20); Node 20 uses version 12, which
 * set-up builds.
 *
 * @param {string} file
 * @returns {Promise<import('better-sqlite3').Database>}
 */
export async function openDriver(file) {
  const timeout = 5000
  if (isRecent()) {
    const { default: Driver } = await import('better-sqlite3')
    return new Driver(file, { timeout })
  }
  const { default: Driver } = await import('better-sqlite3-node20')
  return new Driver(file, { timeout, nativeBinding: bindingInPackage() })
}

const isRecent = () => Number(process.versions.napi) >= 10

/**
 * Path and options of the driver, for a thread that loads it itself.
 * @returns {{ driver: string, options: import('better-sqlite3').Options }}
 */
export function locateDriver() {
  const { resolve } = createRequire(import.meta.url)
  return isRecent()
    ? { driver: resolve('better-sqlite3'), options: {} }
    : { driver: resolve('better-sqlite3-node20'), options: { nativeBinding: bindingInPackage() } }
}

/** Whether the driver can be loaded: on Node 20 only after set-up has built it, and only by the Node for which it was built. */
export async function driverLoads() {
  try {
    const database = await openDriver(':memory:')
    database.close()
    return true
  } catch {
    // Set-up fixes this, or reports why it cannot.
    return false
  }
}

function bindingInPackage() {
  const folder = createRequire(import.meta.url).resolve('better-sqlite3-node20/package.json')
  return join(folder, '..', 'build', 'Release', 'better_sqlite3.node')
}
