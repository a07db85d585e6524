import type { DiskSpace, Unfinished } from '../../contract/storage.js'

/** One file of a home. */
export interface HomeFile {
  /** Inside the home, with `/` between folders; absolute elsewhere. */
  path: string
  bytes: number
  /** Tells files apart: two names of the same file have the same. */
  inode: string
  /** Milliseconds since 1970. */
  writtenAt: number
}

/** Something in a home that was not put in its place, with the files that it is of. */
export interface UnfinishedFiles extends Omit<Unfinished, 'bytes'> {
  files: HomeFile[]
}

/** Looks at the files of a home, and removes single ones. */
export interface HomeDisk {
  /** null where the system does not tell. */
  space(): DiskSpace | null
  /** Every file below the folders of runs and data sets, and the database. */
  files(): Promise<HomeFile[]>
  /** What was not put in its place, anywhere in the home. */
  unfinished(): Promise<UnfinishedFiles[]>
  /** The same beside a file anywhere, of that file alone; paths are absolute. */
  unfinishedBeside(path: string): Promise<UnfinishedFiles[]>
  /** Bytes of one file inside the home; null when it is not there. */
  size(path: string): number | null
  /** Removes a file, or what is unfinished. */
  remove(path: string): void
  /** Removes folders of runs that hold nothing. */
  removeEmptyFolders(): Promise<void>
}
