import { chmodSync, readdirSync, statSync, type Stats } from 'node:fs'
import { basename, join } from 'node:path'
import { unfinishedAt } from '../durable/unfinished.js'

/** Names of the files that Retrace creates in a home; everything else in it belongs to others. */
const OURS =
  /^(?:retrace\.sqlite.*|lock\.sqlite.*|host\.json|reserve|windows?(?:\.html|\.json)?|electron|runs|datasets|dynamics|before-upgrade|uploads|exports|home\.(?:before-restore|not-restored)-.*|\.restore-(?:ready|placing))$/

const isOurs = (name: string): boolean => OURS.test(name) || unfinishedAt(name, 'folder') !== null || unfinishedAt(name, 'file') !== null

const OTHERS = 0o077

const octal = (mode: number): string => (mode & 0o777).toString(8)

/** The status of a path that other users can access; null if it is missing, or accessible only to its owner. */
function openTo(path: string): Stats | null {
  const stat = statSync(path, { throwIfNoEntry: false })
  return stat && (stat.mode & OTHERS) !== 0 ? stat : null
}

/** Removes the permissions of all other users; returns whether this worked. */
function close(path: string, { mode }: Stats): boolean {
  try {
    chmodSync(path, mode & 0o777 & ~OTHERS)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') throw error
    return false
  }
  // Some file systems do not store permissions, and ignore the change silently.
  return openTo(path) === null
}

/**
 * Removes other users' permissions on a home, which remain if the folder existed before Retrace used it. If the folder also contains other
 * things, it is left as it is, and only Retrace's files in it are protected.
 *
 * @param home an existing folder
 * @returns a sentence for each correction, or for each one that failed; none if nothing was accessible
 */
export function mendRights(home: string): string[] {
  if (process.platform === 'win32') return []
  const names = readdirSync(home)
  const ours = names.filter(isOurs)
  const shared = ours.length < names.length
  const said: string[] = []
  const folder = statSync(home)
  const self = process.getuid?.()
  if (self !== undefined && self !== 0 && folder.uid !== self)
    said.push(`The home folder ${home} belongs to another user (uid ${folder.uid}), who can read and modify its contents.`)

  const open = ours.flatMap((name) => {
    const path = join(home, name)
    const stat = openTo(path)
    return stat ? [{ path, stat }] : []
  })
  const isOpen = (folder.mode & OTHERS) !== 0
  // Nobody can reach files in a protected folder; they are protected as well, in case the folder is opened one day.
  const closed = open.filter(({ path, stat }) => close(path, stat)).map(({ path }) => basename(path))
  if (isOpen && !shared)
    said.push(
      close(home, folder)
        ? `The home folder ${home} was accessible to other users (mode ${octal(folder.mode)}). Its mode is now 700.`
        : `The home folder ${home} is accessible to other users (mode ${octal(folder.mode)}), and its file system does not support permissions. Choose another folder with --home.`,
    )
  if (isOpen && shared && closed.length > 0)
    said.push(`Other users could read ${closed.join(', ')} in ${home}. Only you can access them now.`)
  if (isOpen && shared && closed.length < open.length)
    said.push(
      `Other users can read the data of Retrace in ${home}, and the permissions could not be changed. Choose another folder with --home.`,
    )
  if (shared && (folder.mode & 0o022) !== 0 && (folder.mode & 0o1000) === 0)
    said.push(`Other users can replace files in ${home} (mode ${octal(folder.mode)}). Choose a folder that only you can write to.`)
  return said
}
