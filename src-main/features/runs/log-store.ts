import type { LogEntry } from '../../contract/runs.js'

export interface LogStore {
  append(entry: LogEntry): void
  /** The newest entries, oldest of them first. */
  tail(runId: string, limit: number): LogEntry[]
}
