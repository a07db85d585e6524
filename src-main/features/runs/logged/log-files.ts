/** A file in the folder into which other programs log. */
export interface LogFile {
  name: string
  bytes: number
  /** Differs when the file was written to. */
  modified: number
}

/** The files `log/*.jsonl` of a home, of which each is a run that another program logs. */
export interface LogFiles {
  /** Sorted by name; empty where there is no such folder. At most `limit` are looked at. */
  list(limit: number): { files: LogFile[]; more: boolean }
  /** At most so many bytes from an offset on. @throws UserError DISK */
  read(name: string, offset: number, length: number): Uint8Array
}
