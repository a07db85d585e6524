import type { LogEntry } from '../../contract/runs.js'

export interface LogStore {
  append(entry: LogEntry): void
  /** The newest entries, in the order in which they were written. */
  tail(runId: string, limit: number): LogEntry[]
}
