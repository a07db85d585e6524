import { copyFile, readdir, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { sha256 } from '../engine/altered-files.js'
import { sayWhenSlow } from '../processes/say-when-slow.js'
import { ownCommand } from '../processes/installation.js'
import { downloadWheel, findPip } from './download.js'
import { SetupFailure } from './failure.js'
import { downloadFromIndex, namedIndex } from './index-download.js'
import type { Progress } from './progress.js'
import type { Wheel } from './wheels.js'

/**
 * Puts a wheel into an empty folder and returns its path. The pinned hash determines whether it is the right one, wherever it comes from.
 */
export interface WheelSource {
  /** What it does, for the progress. */
  verb: string
  fetch(wheel: Wheel, folder: string, onProgress: (fraction: number) => void): Promise<string>
}

/**
 * The source of wheels: files given by the user, otherwise pip, otherwise, if no Python has pip, the package index in pip's settings.
 * @param offline a wheel, or a folder of wheels, for machines without a network
 */
export async function chooseSource(cache: string, progress: Progress, offline: string | undefined): Promise<WheelSource> {
  if (offline !== undefined) return { verb: 'reading', fetch: (wheel, folder) => fromFiles(offline, wheel, folder) }
  const verb = 'downloading'
  let python: string
  try {
    python = await sayWhenSlow(findPip(), () => progress.note('waiting for python3 to report its pip (at most a minute)'))
  } catch (error) {
    const index = namedIndex()
    if (!(error instanceof SetupFailure) || index === null) throw error
    return { verb, fetch: (wheel, folder, onProgress) => downloadFromIndex(index, wheel, { cache, folder }, onProgress) }
  }
  return { verb, fetch: (wheel, folder, onProgress) => downloadWheel(python, wheel, folder, onProgress) }
}

/** @throws SetupFailure if the files lack the wheel */
async function fromFiles(given: string, wheel: Wheel, folder: string): Promise<string> {
  const [name = ''] = wheel.requirement.split('==')
  const found = await stat(given).catch(() => null)
  const inside = found?.isDirectory() ? await readdir(given) : null
  const begin = name.replaceAll('-', '_').toLowerCase()
  const candidates =
    inside === null
      ? [given]
      : inside.filter((file) => file.toLowerCase().startsWith(begin) && file.endsWith('.whl')).map((file) => join(given, file))
  for (const candidate of found === null ? [] : candidates)
    if ((await sha256(candidate)) === wheel.sha256) {
      const path = join(folder, basename(candidate))
      await copyFile(candidate, path)
      return path
    }
  throw new SetupFailure(
    'damaged',
    found === null
      ? `${given} does not exist.`
      : `${given} is not, and does not contain, the wheel of ${wheel.requirement} that is needed.`,
    `On a machine with a network run \`pip download --no-deps --only-binary=:all: --python-version 3.11 --platform ${wheel.platform} ${wheel.requirement}\`, bring the file here, and give it to ${ownCommand('setup')} with --offline.`,
  )
}
