import { accessSync, constants, mkdirSync, statSync } from 'node:fs'
import { isAbsolute, dirname, resolve } from 'node:path'
import envPaths from 'env-paths'
import { UserError } from '../contract/errors.js'
import { explainDiskError } from '../storage/disk-errors.js'

/** Resolves a path relative to the folder in which the user typed the command, which npm would otherwise hide. */
export function userPath(path: string, env: NodeJS.ProcessEnv = process.env): string {
  return isAbsolute(path) ? path : resolve(env.npm_lifecycle_event && env.INIT_CWD ? env.INIT_CWD : process.cwd(), path)
}

export interface HomeChoice {
  folder: string
  /** Whether the user chose it by option or environment variable; false for the platform's data folder. */
  chosen: boolean
}

/** The folder with all data of Retrace: `--home`, otherwise `RETRACE_HOME`, otherwise the platform's data folder. */
export function chooseHome(option: string | undefined, env: NodeJS.ProcessEnv = process.env): HomeChoice {
  const wanted = option ?? env.RETRACE_HOME
  if (wanted !== undefined && wanted.trim() === '')
    throw new UserError('BAD_INPUT', 'The path of the home folder is empty. Give --home a path.')
  return wanted ? { folder: userPath(wanted, env), chosen: true } : { folder: envPaths('retrace', { suffix: '' }).data, chosen: false }
}

/**
 * Ensures that the home folder exists and is writable. A folder that the user named is created, but not its
 * parents, so that a mistyped path is not created.
 * @throws UserError DISK with the remedy
 */
export function prepareHome({ folder, chosen }: HomeChoice): string {
  const parent = dirname(folder)
  try {
    if (chosen && !statSync(parent, { throwIfNoEntry: false }))
      throw new UserError(
        'DISK',
        `Cannot create the home folder ${folder}: ${parent} does not exist. Create it first, or choose another folder with --home.`,
      )
    // Not recursive for a chosen folder: its parent exists, and on some file systems (/proc) Node's recursive variant never returns.
    if (!chosen) mkdirSync(folder, { recursive: true, mode: 0o700 })
    else if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) mkdirSync(folder, { mode: 0o700 })
    accessSync(folder, constants.W_OK | constants.X_OK)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT')
      throw new UserError('DISK', `Cannot create the home folder ${folder}. Choose another folder with --home or RETRACE_HOME.`, {
        cause: error,
      })
    throw explainDiskError(error, folder)
  }
  return folder
}
