import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { findOnPath } from '../engine/location.js'
import { ownCommand } from '../processes/installation.js'
import { SetupFailure } from './failure.js'
import { lastLines, runCommand } from './run-command.js'
import type { Wheel } from './wheels.js'

const HOUR_MS = 3_600_000
const POLL_MS = 500

/** The Python whose pip downloads wheels. Nothing is installed into it. */
export async function findPip(env: NodeJS.ProcessEnv = process.env): Promise<string> {
  const candidates = ['python3', 'python'].map((name) => findOnPath(name, env)).filter((path) => path !== null)
  for (const python of candidates) {
    const result = await runCommand(python, ['-m', 'pip', '--version'], { env, timeout: 60_000 })
    if (result.status === 0) return python
  }
  const found = candidates.length > 0
  throw new SetupFailure(
    'python',
    found
      ? 'Python has no pip, which is needed to download the TensorFlow library.'
      : 'Python 3 with pip is needed to download the TensorFlow library, but was not found.',
    process.platform === 'linux'
      ? 'Install pip (Debian, Ubuntu: `sudo apt-get install python3-pip`), or set PIP_INDEX_URL to a package index, and start again.'
      : 'Install Python 3 with pip, or set PIP_INDEX_URL to a package index, and start again.',
  )
}

async function bytesIn(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => [])
  const sizes = entries.filter((e) => e.isFile()).map(async (e) => (await stat(join(e.parentPath, e.name)).catch(() => null))?.size ?? 0)
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0)
}

/**
 * Downloads one wheel into `folder` with pip. The caller verifies its content.
 * @param folder an empty folder, which the caller removes; pip's own temporary files go there too
 * @param onProgress called with the fraction downloaded, 0..1
 * @returns path of the wheel
 */
export async function downloadWheel(python: string, wheel: Wheel, folder: string, onProgress: (fraction: number) => void): Promise<string> {
  let arrived = 0
  const timer = setInterval(() => {
    void bytesIn(folder).then((bytes) => {
      arrived = Math.max(arrived, bytes)
      onProgress(Math.min(1, arrived / wheel.bytes))
    })
  }, POLL_MS)
  const { platform, requirement } = wheel
  const tags = [
    '--only-binary=:all:',
    '--python-version',
    '3.11',
    '--implementation',
    'cp',
    '--abi',
    'cp311',
    '--abi',
    'none',
    '--platform',
    platform,
  ]
  const result = await runCommand(
    python,
    [
      '-m',
      'pip',
      'download',
      '--no-deps',
      '--no-cache-dir',
      '--disable-pip-version-check',
      '--progress-bar',
      'off',
      '--retries',
      '2',
      '--timeout',
      '20',
      ...tags,
      '--dest',
      folder,
      requirement,
    ],
    { env: { ...process.env, TMPDIR: folder }, timeout: HOUR_MS },
  ).finally(() => clearInterval(timer))
  if (result.status !== 0) throw explainPip(result.output, wheel, arrived)
  const names = (await readdir(folder)).filter((name) => name.endsWith('.whl'))
  const [name] = names
  if (name === undefined)
    throw new SetupFailure('network', `pip did not download a wheel of ${requirement}.`, `Run ${ownCommand('setup')} to try again.`)
  return join(folder, name)
}

function explainPip(output: string, wheel: Wheel, arrived: number): SetupFailure {
  if (/No space left/i.test(output))
    return new SetupFailure(
      'disk',
      'The disk is full.',
      `Free 4 GB or set RETRACE_CACHE to a folder on another disk, then run ${ownCommand('setup')}.`,
    )
  const said = lastLines(output, 1)
  return arrived > wheel.bytes / 100
    ? new SetupFailure('interrupted', `The download of ${wheel.requirement} was interrupted (${said}).`, 'The next start tries again.')
    : new SetupFailure(
        'network',
        `${wheel.requirement} could not be downloaded (${said}).`,
        `Connect to the network or check which package index pip uses, then run ${ownCommand('setup')}.`,
      )
}
