/** The content of a folder on the machine of the home, for choosing a path. */
export interface FolderListing {
  /** Absolute path of the folder. */
  path: string
  /** The path of the parent folder; null at the root. */
  parent: string | null
  /** Folders first, each by name. */
  entries: { name: string; folder: boolean; bytes: number | null }[]
  /** Number of entries that are not listed because there are too many. */
  more: number
}
