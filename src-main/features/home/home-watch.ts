/** What happened to a home while its host had it open. */
export interface HomeLoss {
  /** What happened, without a full stop. */
  what: string
  /** What happened, its consequences and what to do, in whole sentences. */
  message: string
  /** The folder that has the files of runs now; null when it is not known. */
  folder: string | null
}

/** Watches whether a home is still the one that its host opened. */
export interface HomeWatch {
  /** Checks now. @returns null while nothing has happened; a finding is final */
  look(): HomeLoss | null
  /** @throws UserError DISK that says what happened and what to do */
  require(): void
  close(): void
}
