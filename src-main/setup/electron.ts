import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { ownCommand } from '../processes/installation.js'
import { SetupFailure } from './failure.js'
import type { Progress } from './progress.js'
import { lastLines, runNode } from './run-command.js'

const DOWNLOAD_MS = 5 * 60_000

/** Electron's executable, or null. Checks the files, because asking the package would start a download. */
export function electronBinary(packageRoot: string): string | null {
  const pathFile = join(packageRoot, 'path.txt')
  if (!existsSync(pathFile)) return null
  const binary = join(packageRoot, 'dist', readFileSync(pathFile, 'utf8').trim())
  return statSync(binary, { throwIfNoEntry: false })?.isFile() ? binary : null
}

/** Downloads Electron's binary with its own installer. */
export async function installElectron(packageRoot: string, progress: Progress): Promise<void> {
  if (electronBinary(packageRoot) !== null) return
  const stage = progress.stage('downloading Electron')
  const result = await runNode([join(packageRoot, 'install.js')], { timeout: DOWNLOAD_MS })
  if (result.status === 0 && electronBinary(packageRoot) !== null) return stage.done()
  stage.failed('not available; the workbench opens in a browser window instead')
  const said = /^.*(?:Error|Response code).*$/m.exec(result.output)?.[0].trim() ?? lastLines(result.output, 1)
  throw new SetupFailure(
    'network',
    `Electron could not be downloaded (${said}).`,
    `The workbench opens in a browser window; ${ownCommand('setup')} tries again.`,
  )
}
