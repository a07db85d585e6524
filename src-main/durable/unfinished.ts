import { randomBytes } from 'node:crypto'
import { readdir, rm } from 'node:fs/promises'
import { join, posix } from 'node:path'
import { birthOf, isAlive } from '../processes/alive.js'

/** What is made in a folder of its own, whose name begins with the purpose. */
type FolderPurpose = 'importing' | 'backup' | 'restore-unpacking'
export type UnfinishedPurpose = FolderPurpose | 'file' | 'upload'

const UPLOADS = 'uploads'

const ownBirth = birthOf(process.pid)

/** The end of a name that no other has, which tells the process that makes it: its number and, where the system tells it, its birth. */
export const makerNow = (): string => [process.pid, ...(ownBirth === null ? [] : [ownBirth]), randomBytes(4).toString('hex')].join('-')

/** A process, by what a name tells of it. */
export interface Maker {
  pid: number
  /** As of `birthOf`; null in names of earlier versions, and where the system does not tell. */
  birth: string | null
}

const MAKER = String.raw`(\d+)(?:-([0-9a-f]{8}))?-[0-9a-f]+`
const AT_END = new RegExp(`-${MAKER}$`)

function makerOf(pid: string | undefined, born?: string): Maker | null {
  return pid === undefined ? null : { pid: Number(pid), birth: born ?? null }
}

/** Whose name that is, where it ends as `makerNow` says; null otherwise. */
export function makerIn(name: string): Maker | null {
  const [, pid, born] = AT_END.exec(name) ?? []
  return makerOf(pid, born)
}

/** Whether it may still write what bears its name. */
export const isAtWork = ({ pid, birth }: Maker): boolean => isAlive(pid, birth)

/** Where a file is written before it is put in its place, on the same disk. Whoever reads the name can tell what it is, and who writes it. */
export const unfinishedFile = (path: string): string => `${path}.unfinished-${makerNow()}`

/** Where something that has many files is made before it is put in its place. */
export const unfinishedFolder = (parent: string, purpose: FolderPurpose): string => join(parent, `.${purpose}-${makerNow()}`)

/**
 * Where this process keeps what it is sent, until that is used. Its number is enough, because the next server of the home removes them all.
 * @param uploads `uploads` of a home
 */
export const ownUploads = (uploads: string): string => join(uploads, String(process.pid))

/** An unfinished file or folder. */
export interface UnfinishedName {
  purpose: UnfinishedPurpose
  /** The process that makes it; null where its name does not tell, as in earlier versions: that process is gone then. */
  maker: Maker | null
}

/** As `unfinishedFile` names it, in this version and earlier ones. */
const FILE = new RegExp(String.raw`\.unfinished-${MAKER}$`)
const FOLDER = new RegExp(String.raw`^\.(importing|backup|restore-unpacking)(?:-${MAKER}|-[0-9a-f]+)?$`)

/** What earlier versions left, told by its whole path: other programs have such names too. */
const EARLIER_FILES: readonly RegExp[] = [
  /\.unfinished-(\d+)$/,
  /^(?:host\.json|window\.html|window\.json)\.(\d+)\.tmp$/,
  // The number of the lease, not of a process.
  /^runs\/.*\/\.lease\.\d+\.tmp$/,
  /^runs\/.*\.(\d+)\.(?:tmp|part)$/,
  /^datasets\/[^/]+\/dataset\.json\.new$/,
]

/**
 * What an entry of a home is that has not been put in its place; null for everything else.
 * @param path inside the home, with `/` between folders
 */
export function unfinishedAt(path: string, kind: 'file' | 'folder'): UnfinishedName | null {
  const [folder, name] = [posix.dirname(path), posix.basename(path)]
  if (folder === UPLOADS) return { purpose: 'upload', maker: makerOf(kind === 'folder' ? /^\d+$/.exec(name)?.[0] : undefined) }
  if (kind === 'folder') {
    const [, purpose, pid, born] = FOLDER.exec(name) ?? []
    return purpose === undefined ? null : { purpose: purpose as FolderPurpose, maker: makerOf(pid, born) }
  }
  for (const pattern of [FILE, ...EARLIER_FILES]) {
    const found = pattern.exec(path)
    if (found) return { purpose: 'file', maker: makerOf(found[1], found[2]) }
  }
  return null
}

/** Removes the unfinished folders of a purpose, of which none is at work: the caller alone may have one. */
export async function removeUnfinished(parent: string, purpose: FolderPurpose): Promise<void> {
  for (const name of await readdir(parent))
    if (unfinishedAt(name, 'folder')?.purpose === purpose) await rm(join(parent, name), { recursive: true, force: true, maxRetries: 3 })
}
