import type { FolderListing } from '../../contract/folder-listing.js'
import type { DiskSpace, Unfinished } from '../../contract/storage.js'

/** One file of a home. */
export interface HomeFile {
  /** Path relative to the home, with `/` as separator; absolute for a file outside of it. */
  path: string
  bytes: number
  /** Identifies the file: hard links to one file have the same value. */
  inode: string
  /** Milliseconds since 1970. */
  writtenAt: number
}

/** An unfinished file or folder in a home, with the files that it contains. */
export interface UnfinishedFiles extends Omit<Unfinished, 'bytes'> {
  files: HomeFile[]
}

/** Lists the files of a home, and removes single ones. */
export interface HomeDisk {
  /** Free bytes on the disk of the home; null when the system does not say. */
  space(): DiskSpace | null
  /** Every file below the folders of runs and data sets, and the database. */
  files(): Promise<HomeFile[]>
  /** Everything unfinished in the home. */
  unfinished(): Promise<UnfinishedFiles[]>
  /** Everything unfinished that belongs to one file anywhere, by absolute paths. */
  unfinishedBeside(path: string): Promise<UnfinishedFiles[]>
  /** Size in bytes of one file inside the home; null when it does not exist. */
  size(path: string): number | null
  /** Removes a file, or something unfinished. */
  remove(path: string): void
  /**
   * The content of a folder on this machine; for a file, that of its folder. Without a path, the user's home folder.
   * @throws UserError DISK if it cannot be read
   */
  list(path: string | null): Promise<FolderListing>
  /** Removes empty folders of runs. */
  removeEmptyFolders(): Promise<void>
}
