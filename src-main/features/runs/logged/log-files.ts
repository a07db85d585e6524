/** A file in the folder to which other programs log. */
export interface LogFile {
  name: string
  bytes: number
  /** Changes when the file is written to. */
  modified: number
}

/** The files `log/*.jsonl` of a home, each of which is a run logged by another program. */
export interface LogFiles {
  /** Sorted by name; empty if there is no such folder. At most `limit` files are listed. */
  list(limit: number): { files: LogFile[]; more: boolean }
  /** At most `length` bytes starting at an offset. @throws UserError DISK */
  read(name: string, offset: number, length: number): Uint8Array
}
