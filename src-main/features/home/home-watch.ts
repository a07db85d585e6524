/** What has become of a home while its host used it. */
export interface HomeLoss {
  /** What has happened, without a full stop. */
  what: string
  /** The same with what follows from it and what to do, in whole sentences. */
  message: string
  /** Where the files of runs are now; null where they are nowhere to be found. */
  folder: string | null
}

/** Watches whether a home is still what its host has opened. */
export interface HomeWatch {
  /** Looks now: null while everything is as it was. What was found once stays found. */
  look(): HomeLoss | null
  /** @throws UserError DISK when something is found, with what happened and what to do */
  require(): void
  close(): void
}
