import { execFile, spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { driverLoads } from '../../sqlite/driver.mjs'
import { withLock } from '../../sqlite/lock.mjs'
import { ROOT } from './root.mjs'
import { sourceSignature } from './signature.mjs'

const OUT = join(ROOT, 'out')
const STAMP = join(OUT, 'stamp')
/** Inside `out`, so that moving a build into place stays within one file system. */
const WORK = join(OUT, '.work')
const WEEK_MS = 7 * 86_400_000

/** Signals that request the end, and the exit status reported to the shell. */
/** @type {Record<string, number>} */
const STATUS = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 }

const isFresh = () => existsSync(STAMP) && readFileSync(STAMP, 'utf8') === sourceSignature(ROOT)

/**
 * Runs electron-vite, keeping its output in case it fails.
 * @param {string} folder
 * @returns {Promise<void>}
 */
function runElectronVite(folder) {
  return new Promise((resolve, reject) => {
    const cli = join(ROOT, 'node_modules', 'electron-vite', 'bin', 'electron-vite.js')
    const child = spawn(process.execPath, [cli, 'build', '--outDir', folder, '--logLevel', 'warn'], {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, NO_COLOR: '1' },
    })
    let output = ''
    /** @param {Buffer} chunk */
    const keep = (chunk) => void (output = (output + chunk.toString('utf8')).slice(-8000))
    child.stdout.on('data', keep)
    child.stderr.on('data', keep)
    /** @type {NodeJS.Signals | null} */
    let ended = null
    /** @param {NodeJS.Signals} signal */
    const end = (signal) => {
      ended ??= signal
      child.kill(signal)
    }
    for (const signal of Object.keys(STATUS)) process.on(signal, end)
    child.once('error', reject)
    child.once('close', (status) => {
      for (const signal of Object.keys(STATUS)) process.off(signal, end)
      if (ended !== null) reject(Object.assign(new Error('The build was interrupted.'), { status: STATUS[ended] }))
      else if (status === 0) resolve()
      else
        reject(
          new Error(
            `The build failed; the previous build is unchanged.\n${stripVTControlCharacters(output)
              .replace(/^ +at .*$/gm, '')
              .trim()}`,
          ),
        )
    })
  })
}

/** Entries are placed last, because they refer to chunks by names with content hashes. */
const ENTRY = /^(main\/[^/]+\.js|preload\/[^/]+\.cjs|renderer\/index\.html)$/

/**
 * Moves a finished build over the previous one, file by file. A program that starts or runs meanwhile always finds complete files, and the
 * chunks that its entry refers to: old chunks are kept for a week.
 * @param {string} folder
 */
async function place(folder) {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = entries.filter((e) => e.isFile()).map((e) => relative(folder, join(e.parentPath, e.name)).replaceAll('\\', '/'))
  const ordered = [...files.filter((file) => !ENTRY.test(file)), ...files.filter((file) => ENTRY.test(file))]
  for (const file of ordered) {
    await mkdir(dirname(join(OUT, file)), { recursive: true })
    await rename(join(folder, file), join(OUT, file))
  }
  const present = new Set(files)
  for (const part of new Set(files.filter((file) => file.includes('/')).map((file) => file.split('/', 1)[0] ?? '')))
    for (const old of await readdir(join(OUT, part), { recursive: true, withFileTypes: true })) {
      const path = join(old.parentPath, old.name)
      if (!old.isFile() || present.has(relative(OUT, path).replaceAll('\\', '/'))) continue
      // eslint-disable-next-line no-restricted-syntax -- by a clock that was set, only what an older build that still runs might load goes too early
      if (Date.now() - (await stat(path)).mtimeMs > WEEK_MS) await rm(path, { force: true })
    }
}

/**
 * Brings `out` up to date with the sources; if nothing has changed, it only compares file times. One build runs at a time, and a second
 * start waits for it.
 * @param {{ force?: boolean, tell?: (line: string) => void }} [options]
 */
export async function ensureBuilt({ force = false, tell = () => undefined } = {}) {
  if (!force && isFresh()) return
  await mkdir(WORK, { recursive: true })
  const work = () => (!force && isFresh() ? undefined : build(tell))
  // On Node 20, the very first start has no SQLite yet and therefore no lock: two such starts at once build concurrently.
  if (!(await driverLoads())) return work()
  await withLock(join(WORK, 'lock.sqlite'), async () => {
    // Removes leftovers of a killed build.
    for (const name of await readdir(WORK)) if (name.startsWith('build')) await rm(join(WORK, name), { recursive: true, force: true })
    await work()
  })
}

/** Maximum size of the diff to the last commit that is stored with a build, in bytes; a larger one is not stored at all. */
const DIFF_LIMIT = 2 ** 20
const TOO_LONG = '# The diff to the commit exceeds 1 MiB and was not stored.\n'

/**
 * @param {string[]} args
 * @returns {Promise<string | null>} null without git, a repository or a commit, none of which the program requires
 */
const git = (...args) =>
  new Promise((answer) =>
    execFile('git', ['-C', ROOT, ...args], { maxBuffer: DIFF_LIMIT }, (error, stdout) => {
      if (error?.code === 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER') answer(TOO_LONG)
      else answer(error ? null : stdout)
    }),
  )

/**
 * Builds into an empty folder, and records there what it was built from: sources may change while the program runs, and a package has none.
 * @param {string} folder
 */
export async function buildInto(folder) {
  const [commit, diff] = await Promise.all([git('rev-parse', 'HEAD'), git('diff', 'HEAD', '--', 'src-main', 'package-lock.json')])
  await runElectronVite(folder)
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  // `out` also contains files of earlier builds, which a package leaves out.
  const files = entries.filter((e) => e.isFile()).map((e) => relative(folder, join(e.parentPath, e.name)).replaceAll('\\', '/'))
  await writeFile(join(folder, 'build.json'), JSON.stringify({ commit: commit?.trim() ?? null, diff: diff || null, files }))
}

/** @param {(line: string) => void} tell */
async function build(tell) {
  const signature = sourceSignature(ROOT)
  const folder = join(WORK, `build-${process.pid}`)
  try {
    tell('building ...')
    const started = performance.now()
    await buildInto(folder)
    await rm(STAMP, { force: true })
    await place(folder)
    await writeFile(join(folder, 'stamp'), signature)
    await rename(join(folder, 'stamp'), STAMP)
    tell(`built in ${((performance.now() - started) / 1000).toFixed(1)} s`)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
