import { randomBytes } from 'node:crypto'
import { readdir, rm } from 'node:fs/promises'
import { join, posix } from 'node:path'
import { birthOf, isAlive } from '../processes/alive.js'

/** The purpose of a temporary folder, with which its name starts. */
type FolderPurpose = 'importing' | 'backup' | 'restore-unpacking'
export type UnfinishedPurpose = FolderPurpose | 'file' | 'upload'

const UPLOADS = 'uploads'

const ownBirth = birthOf(process.pid)

/** A unique suffix for names, which identifies the process that creates the file: its id and, if the system reports it, its birth. */
export const makerNow = (): string => [process.pid, ...(ownBirth === null ? [] : [ownBirth]), randomBytes(4).toString('hex')].join('-')

/** The process that a name identifies. */
export interface Maker {
  pid: number
  /** As returned by `birthOf`; null in names of earlier versions, and if the system does not report it. */
  birth: string | null
}

const MAKER = String.raw`(\d+)(?:-([0-9a-f]{8}))?-[0-9a-f]+`
const AT_END = new RegExp(`-${MAKER}$`)

function makerOf(pid: string | undefined, born?: string): Maker | null {
  return pid === undefined ? null : { pid: Number(pid), birth: born ?? null }
}

/** The process in a name that ends with the result of `makerNow`; null for other names. */
export function makerIn(name: string): Maker | null {
  const [, pid, born] = AT_END.exec(name) ?? []
  return makerOf(pid, born)
}

/** Whether the process may still be writing. */
export const isAtWork = ({ pid, birth }: Maker): boolean => isAlive(pid, birth)

/** The temporary path of a file before it is put in place, on the same disk. The name reveals what it is and who is writing it. */
export const unfinishedFile = (path: string): string => `${path}.unfinished-${makerNow()}`

/** The temporary path of a folder of files before it is put in place. */
export const unfinishedFolder = (parent: string, purpose: FolderPurpose): string => join(parent, `.${purpose}-${makerNow()}`)

/**
 * Where this process stores uploads until they are used. Its process id is sufficient, because the next server of the home removes them
 * all.
 * @param uploads `uploads` of a home
 */
export const ownUploads = (uploads: string): string => join(uploads, String(process.pid))

/** An unfinished file or folder. */
export interface UnfinishedName {
  purpose: UnfinishedPurpose
  /** The process that creates it; null if the name does not identify it, as in earlier versions: that process has exited by then. */
  maker: Maker | null
}

/** As named by `unfinishedFile` in this version and earlier ones. */
const FILE = new RegExp(String.raw`\.unfinished-${MAKER}$`)
const FOLDER = new RegExp(String.raw`^\.(importing|backup|restore-unpacking)(?:-${MAKER}|-[0-9a-f]+)?$`)

/** Leftovers of earlier versions, recognised by their whole path, because other programs use such names too. */
const EARLIER_FILES: readonly RegExp[] = [
  /\.unfinished-(\d+)$/,
  /^(?:host\.json|window\.html|window\.json)\.(\d+)\.tmp$/,
  // The number is that of the lease, not of a process.
  /^runs\/.*\/\.lease\.\d+\.tmp$/,
  /^runs\/.*\.(\d+)\.(?:tmp|part)$/,
  /^datasets\/[^/]+\/dataset\.json\.new$/,
]

/**
 * Determines whether an entry of a home is unfinished, and what it is; null for everything else.
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

/** Removes the unfinished folders with this purpose; no other process may be working on one. */
export async function removeUnfinished(parent: string, purpose: FolderPurpose): Promise<void> {
  for (const name of await readdir(parent))
    if (unfinishedAt(name, 'folder')?.purpose === purpose) await rm(join(parent, name), { recursive: true, force: true, maxRetries: 3 })
}
