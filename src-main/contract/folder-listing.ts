/** What is in a folder of the machine that holds the home, for a person who chooses a path. */
export interface FolderListing {
  /** Absolute path of the folder. */
  path: string
  /** That of the folder around it; null at the top. */
  parent: string | null
  /** Folders first, each by name. */
  entries: { name: string; folder: boolean; bytes: number | null }[]
  /** Entries that are not listed because there are too many. */
  more: number
}
