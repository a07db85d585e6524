import { mkdirSync } from 'node:fs'
import { isAbsolute, relative, resolve, sep } from 'node:path'
import { UserError } from '../contract/errors.js'
import type { WritePath } from '../contract/writing.js'

/** For commands, where the user typed the path in a terminal. */
export const anywhere: WritePath = (path) => path

/**
 * For windows: a path below a folder that the user chose when the workbench was started, so that a malicious page could not write anywhere
 * else. A relative path is resolved against the folder.
 */
export function onlyIn(folder: string): WritePath {
  return (path) => {
    const whole = resolve(folder, path)
    const inside = relative(folder, whole)
    if (inside === '' || inside === '..' || inside.startsWith(`..${sep}`) || isAbsolute(inside))
      throw new UserError(
        'BAD_INPUT',
        `Windows can only write files below ${folder}. Give a path there, start with --exports to choose another folder, or use the command line.`,
      )
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    return whole
  }
}

/** For windows of a server without an export folder. */
export const nowhere: WritePath = () => {
  throw new UserError('BAD_INPUT', 'Windows of this server cannot write files. Use the command line.')
}
