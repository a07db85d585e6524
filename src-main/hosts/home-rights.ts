import { chmodSync, readdirSync, statSync, type Stats } from 'node:fs'
import { basename, join } from 'node:path'
import { unfinishedAt } from '../durable/unfinished.js'

/** Names of what we make in a home; anything else in it is not ours. */
const OURS =
  /^(?:retrace\.sqlite.*|lock\.sqlite.*|host\.json|reserve|windows?(?:\.html|\.json)?|electron|runs|datasets|dynamics|uploads|exports|home\.(?:before-restore|not-restored)-.*|\.restore-(?:ready|placing))$/

const isOurs = (name: string): boolean => OURS.test(name) || unfinishedAt(name, 'folder') !== null || unfinishedAt(name, 'file') !== null

const OTHERS = 0o077

const octal = (mode: number): string => (mode & 0o777).toString(8)

/** What of a path there is to mend; null for what is not there, or not ours to change. */
function openTo(path: string): Stats | null {
  const stat = statSync(path, { throwIfNoEntry: false })
  return stat && (stat.mode & OTHERS) !== 0 ? stat : null
}

/** Takes the rights of all others away; answers whether they are gone. */
function close(path: string, { mode }: Stats): boolean {
  try {
    chmodSync(path, mode & 0o777 & ~OTHERS)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') throw error
    return false
  }
  // Some file systems keep no rights, and say nothing.
  return openTo(path) === null
}

/**
 * Takes the rights of other users on a home away, which has them where it was there before Retrace. A folder that holds other things too is
 * left as it is, and only what is ours in it is closed.
 *
 * @param home a folder that is there
 * @returns a sentence for each thing that was mended, or that could not be; none where nothing was open
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
  // Behind a closed folder nobody reaches the rest; it is closed as well, for the day on which the folder is opened.
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
