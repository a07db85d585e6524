import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { findOnPath } from '../engine/location.js'
import { ownCommand } from '../processes/installation.js'
import { SetupFailure } from './failure.js'
import { lastLines, runNode } from './run-command.js'

const BUILD_MS = 20 * 60_000

/** node-gyp's command line, from our own dependencies; null in a package, which does not include it. */
export function gypCommand(): string | null {
  try {
    return createRequire(import.meta.url).resolve('node-gyp/bin/node-gyp.js')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'MODULE_NOT_FOUND') return null
    throw error
  }
}

/** The folder with this Node's own headers, or null; without them, node-gyp downloads them. */
function headersPrefix(): string | null {
  const prefix = dirname(dirname(process.execPath))
  return existsSync(join(prefix, 'include', 'node', 'common.gypi')) ? prefix : null
}

/** The environment without npm's settings, which may refer to the headers of another Node. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_(config|package|lifecycle)_/i.test(name)))
}

function requireCompiler(): void {
  const missing = [
    ['make', findOnPath('make')],
    ['a C++ compiler', findOnPath(process.env.CXX ?? 'c++') ?? findOnPath('g++') ?? findOnPath('clang++')],
    ['Python 3', findOnPath('python3') ?? findOnPath('python')],
  ].flatMap(([name, path]) => (path === null ? [name] : []))
  if (missing.length === 0) return
  const remedy =
    process.platform === 'darwin'
      ? 'Install them with `xcode-select --install` and start again.'
      : 'Install them (Debian, Ubuntu: `sudo apt-get install python3-pip build-essential`) and start again.'
  throw new SetupFailure('compiler', `Building native code requires ${missing.join(' and ')}.`, remedy)
}

export interface BuildOptions {
  /** Folder that contains `include/node`; null lets node-gyp download it. By default this Node's own. */
  headers?: string | null
  /** gyp variables. */
  variables?: Record<string, string>
}

/**
 * Builds the package in `folder` (its binding.gyp) in place.
 * @param gyp node-gyp's command line, as returned by `gypCommand`
 * @throws SetupFailure
 */
export async function buildPackage(
  folder: string,
  gyp: string | null,
  { headers = headersPrefix(), variables = {} }: BuildOptions = {},
): Promise<void> {
  if (gyp === null)
    throw new SetupFailure(
      'platform',
      `This package of Retrace brings no native engine for ${process.platform} on ${process.arch}.`,
      'To build it, run Retrace from a checkout of its sources.',
    )
  requireCompiler()
  const args = [
    gyp,
    'rebuild',
    '--release',
    ...(headers === null ? ['--devdir', join(folder, '.headers')] : ['--nodedir', headers]),
    ...Object.entries(variables).map(([name, value]) => `--${name}=${value}`),
  ]
  const result = await runNode(args, { cwd: folder, env: { ...cleanEnvironment(), JOBS: 'max' }, timeout: BUILD_MS })
  if (result.status === 0) return
  if (headers === null && /(install|headers).*(ENOTFOUND|EAI_AGAIN|ECONN|ETIMEDOUT|getaddrinfo|fetch|socket|40\d)/is.test(result.output))
    throw new SetupFailure(
      'headers',
      `The headers of Node ${process.version} are not installed and could not be downloaded.`,
      `Connect to the network and run ${ownCommand('setup')}, or use a Node installation that includes its headers.`,
    )
  throw new SetupFailure(
    'build',
    `Building native code failed${result.timedOut ? ' (timeout)' : ''}: ${lastLines(result.output.replace(/^gyp ERR!.*$/gm, '')) || lastLines(result.output)}.`,
    `Fix the problem and run ${ownCommand('setup')}.`,
  )
}
