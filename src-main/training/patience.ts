/** Timeouts of a supervisor in milliseconds, which tests can shorten. */
export interface Patience {
  /** For obeying a command, in addition to twice the median step. */
  command: number
  /** From the last report to the exit of the process. */
  exit: number
  /** From the start of the process to its hello. */
  hello: number
  /** For a trainer whose host has died to exit by itself. */
  orphan: number
  /** From the exit of the process to the last of its messages. */
  drain: number
}

export const PATIENCE: Patience = { command: 10_000, exit: 10_000, hello: 60_000, orphan: 15_000, drain: 2000 }
