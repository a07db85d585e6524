import { createRequire } from 'node:module'
import { join } from 'node:path'
import type Sqlite from 'better-sqlite3'

/**
 * The SQLite driver of this Node. Version 13 brings its binaries along but needs N-API 10 (it crashes Node 20);
 * Node 20 takes version 12, which set-up builds.
 *
 * @param nativeBinding where set-up has put the build for Node 20; by default inside the package
 */
export async function openDriver(file: string, nativeBinding?: string): Promise<Sqlite.Database> {
  const timeout = 5000
  if (isRecent()) {
    const { default: Driver } = await import('better-sqlite3')
    return new Driver(file, { timeout })
  }
  const { default: Driver } = await import('better-sqlite3-node20')
  return new Driver(file, { timeout, nativeBinding: nativeBinding ?? bindingInPackage() })
}

const isRecent = (): boolean => Number(process.versions.napi) >= 10

/** Path of the driver and what it must be given, for a thread that loads it by itself. */
export function locateDriver(): { driver: string; options: Sqlite.Options } {
  const { resolve } = createRequire(import.meta.url)
  return isRecent()
    ? { driver: resolve('better-sqlite3'), options: {} }
    : { driver: resolve('better-sqlite3-node20'), options: { nativeBinding: bindingInPackage() } }
}

function bindingInPackage(): string {
  const folder = createRequire(import.meta.url).resolve('better-sqlite3-node20/package.json')
  return join(folder, '..', 'build', 'Release', 'better_sqlite3.node')
}
