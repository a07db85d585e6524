import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The folder of this program: the checkout, or the program's folder of an installed package. */
export const programRoot = (from = dirname(fileURLToPath(import.meta.url))): string => {
  let folder = from
  while (!existsSync(join(folder, 'package.json'))) {
    const parent = dirname(folder)
    if (parent === folder) throw new Error(`${from} is in no folder with a package.json`)
    folder = parent
  }
  return folder
}

/** Whether this program runs from an installed package. The scripts of `npm run` are in the launcher, which only a checkout has. */
export const isPackaged = (root = programRoot()): boolean => !existsSync(join(root, 'src-main', 'hosts', 'launcher', 'start.mjs'))

const COMMANDS = {
  checkout: { start: '`npm start`', setup: '`npm run setup`', retrace: '`npm run -s retrace -- …`' },
  package: { start: '`retrace serve`', setup: '`retrace setup`', retrace: '`retrace …`' },
}

/** The command, in backticks, with which the user of this installation starts the workbench, sets up the engine, or runs a command. */
export const ownCommand = (what: keyof typeof COMMANDS.checkout, packaged = isPackaged()): string =>
  COMMANDS[packaged ? 'package' : 'checkout'][what]

/** How to repair an installation in which a file is missing or damaged. */
export const reinstall = (packaged = isPackaged()): string => (packaged ? 'Install Retrace again.' : 'Run `npm ci`, then `npm run build`.')
