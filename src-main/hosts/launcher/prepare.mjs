import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { ensureBuilt } from './build.mjs'
import { ROOT } from './root.mjs'

/** @param {string} line */
export const tell = (line) => void process.stderr.write(`${line}\n`)

/** @param {string} name */
export const built = (name) => pathToFileURL(join(ROOT, 'out', 'main', name)).href

/** @returns {Promise<typeof import('../../setup/main.js')>} */
const loadSetup = () => import(built('setup.js'))

/**
 * Builds what is out of date and completes the installation; takes milliseconds if nothing has to be done.
 * @param {{ force?: boolean, skip?: ('electron' | 'native')[] }} [options]
 */
export async function prepare(options = {}) {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  if (major < 20 || (major === 20 && minor < 19))
    throw new Error(`Retrace needs Node 20.19 or later, but this is Node ${process.versions.node}.`)
  if (!existsSync(join(ROOT, 'node_modules', 'electron-vite'))) throw new Error('The packages are not installed. Run `npm ci` first.')
  await ensureBuilt({ tell })
  const setup = await loadSetup()
  return { setup, outcome: await setup.setUp(setup.streamProgress(process.stderr), options) }
}

/**
 * Runs the main function of a launcher: prints an error as one line, and exits with status 1 or that of the signal that ended it.
 * @param {() => Promise<void>} work
 */
export async function main(work) {
  try {
    await work()
  } catch (error) {
    tell(`retrace: ${error instanceof Error ? error.message : String(error)}`)
    process.exit(/** @type {{ status?: number } | null} */ (error)?.status ?? 1)
  }
}
