import { accessSync, constants, mkdirSync, statSync } from 'node:fs'
import { isAbsolute, dirname, resolve } from 'node:path'
import envPaths from 'env-paths'
import { UserError } from '../contract/errors.js'
import { explainDiskError } from '../storage/disk-errors.js'

/** Makes a path of the user's absolute: from the folder in which the command was typed, which npm would hide. */
export function userPath(path: string, env: NodeJS.ProcessEnv = process.env): string {
  return isAbsolute(path) ? path : resolve(env.npm_lifecycle_event && env.INIT_CWD ? env.INIT_CWD : process.cwd(), path)
}

export interface HomeChoice {
  folder: string
  /** Chosen by the user, by option or environment; false for the platform's data folder. */
  chosen: boolean
}

/** The folder that holds everything Retrace keeps: `--home`, else `RETRACE_HOME`, else the platform's data folder. */
export function chooseHome(option: string | undefined, env: NodeJS.ProcessEnv = process.env): HomeChoice {
  const wanted = option ?? env.RETRACE_HOME
  if (wanted !== undefined && wanted.trim() === '')
    throw new UserError('BAD_INPUT', 'The home folder has an empty name: give --home a path.')
  return wanted ? { folder: userPath(wanted, env), chosen: true } : { folder: envPaths('retrace', { suffix: '' }).data, chosen: false }
}

/**
 * Makes sure that the home folder is there and can be written to. A folder that the user named is created, but not its
 * parents: a mistyped path should not come into being.
 * @throws UserError DISK with the remedy
 */
export function prepareHome({ folder, chosen }: HomeChoice): string {
  const parent = dirname(folder)
  try {
    if (chosen && !statSync(parent, { throwIfNoEntry: false }))
      throw new UserError(
        'DISK',
        `The home folder ${folder} cannot be created, because ${parent} does not exist: create that first, or choose another with --home.`,
      )
    // Not recursive for a chosen one: its parent is there, and on some file systems (/proc) Node's recursive way never ends.
    if (!chosen) mkdirSync(folder, { recursive: true, mode: 0o700 })
    else if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) mkdirSync(folder, { mode: 0o700 })
    accessSync(folder, constants.W_OK | constants.X_OK)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT')
      throw new UserError('DISK', `The home folder ${folder} cannot be created there: choose another with --home or RETRACE_HOME.`, {
        cause: error,
      })
    throw explainDiskError(error, folder)
  }
  return folder
}
