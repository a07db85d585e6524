/** Milliseconds that a supervisor waits, for tests that cannot wait as long as users can. */
export interface Patience {
  /** To obey a command, besides twice the median step. */
  command: number
  /** From the last report to the end of the process. */
  exit: number
  /** From the start of the process to its first word. */
  hello: number
  /** For a trainer whose host has died to go by itself. */
  orphan: number
  /** From the end of the process to the last of what it sent. */
  drain: number
}

export const PATIENCE: Patience = { command: 10_000, exit: 10_000, hello: 60_000, orphan: 15_000, drain: 2000 }
