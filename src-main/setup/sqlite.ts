import { existsSync, readFileSync } from 'node:fs'
import { cp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { UserError } from '../contract/errors.js'
import { ownCommand } from '../processes/installation.js'
import { explainDisk, SetupFailure } from './failure.js'
import { placeFile, withTemporaryFolder, writeFileAtomic } from './files.js'
import { buildPackage } from './gyp.js'
import type { Progress } from './progress.js'
import { lastLines, runNode } from './run-command.js'

const BINARY = 'better_sqlite3.node'

/** better-sqlite3 13 includes its binary but needs N-API 10 (Node 22); for earlier versions, version 12 is built here. */
export const sqliteNeedsBuild = (): boolean => Number(process.versions.napi) < 10

function key(packageRoot: string): string {
  const { version } = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as { version: string }
  return `${version}-abi${process.versions.modules}-${process.platform}-${process.arch}`
}

const placedAt = (packageRoot: string): { binary: string; marker: string } => {
  const folder = join(packageRoot, 'build', 'Release')
  return { binary: join(folder, BINARY), marker: join(folder, 'retrace.json') }
}

/** Whether the checkout's package contains a build for exactly this Node. */
export function sqliteIsPlaced(packageRoot: string): boolean {
  const { binary, marker } = placedAt(packageRoot)
  return existsSync(binary) && existsSync(marker) && readFileSync(marker, 'utf8') === key(packageRoot)
}

/**
 * Builds better-sqlite3 12 (or takes it from the cache) and installs it; without it there is no database, so that a failure is an error.
 * @param packageRoot folder of its package; null if the program does not include it
 */
export async function installSqlite(cache: string, packageRoot: string | null, gyp: string | null, progress: Progress): Promise<void> {
  if (packageRoot === null)
    throw new UserError('UNAVAILABLE', `This package of Retrace needs Node 22 or later, but this is Node ${process.versions.node}.`)
  const folder = join(cache, 'sqlite', key(packageRoot))
  const cached = join(folder, BINARY)
  if (!existsSync(cached)) await build(cache, packageRoot, folder, gyp, progress)
  const { binary, marker } = placedAt(packageRoot)
  await placeFile(cached, binary)
  await writeFileAtomic(marker, key(packageRoot))
}

async function build(cache: string, packageRoot: string, folder: string, gyp: string | null, progress: Progress): Promise<void> {
  const stage = progress.stage(`building SQLite for Node ${process.versions.node} (Node 22 and later need no build)`)
  try {
    await withTemporaryFolder(cache, 'sqlite', async (temporary) => {
      const work = join(temporary, 'package')
      await cp(packageRoot, work, { recursive: true })
      await rm(join(work, 'build'), { recursive: true, force: true })
      await buildPackage(work, gyp)
      const built = join(work, 'build', 'Release', BINARY)
      const loads = await runNode(['-e', `require(${JSON.stringify(built)})`], { timeout: 60_000 })
      if (loads.status !== 0)
        throw new SetupFailure(
          'build',
          `SQLite was built but cannot be loaded: ${lastLines(loads.output, 1)}.`,
          `Run ${ownCommand('setup')}.`,
        )
      await placeFile(built, join(folder, BINARY))
    })
  } catch (error) {
    stage.failed('failed')
    const failure = explainDisk(error, cache)
    if (!(failure instanceof SetupFailure)) throw failure
    throw new UserError(
      'UNAVAILABLE',
      `On Node ${process.versions.node}, SQLite must be built, which failed: ${failure.reason} Use Node 22 or later, which needs no build, or: ${failure.remedy}`,
      { cause: error },
    )
  }
  stage.done()
}
