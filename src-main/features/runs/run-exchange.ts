import type { Evaluation } from '../../contract/evaluations.js'
import type { LabEntry, LabResult } from '../../contract/lab.js'
import type { Points } from '../../contract/metrics.js'
import type { LogEntry, RunDetail } from '../../contract/runs.js'

/** A result of the lab with the checkpoint that it is of. Those of a run come oldest first. */
export interface TravellingResult extends Pick<LabEntry, 'file' | 'step' | 'at'> {
  result: LabResult
}

/** A run as it leaves this home. */
export interface OutgoingRun {
  detail: RunDetail
  log: LogEntry[]
  evaluations: Evaluation[]
  lab: TravellingResult[]
  series: { key: string; count: number }[]
  points(key: string, start: number, limit: number): Points
  /** Absolute path of a checkpoint's file, which may be gone. */
  checkpointPath(file: string): string
}

/** A run as a file tells of it, checked; its files lie in a temporary folder. */
export interface IncomingRun {
  detail: RunDetail
  log: LogEntry[]
  evaluations: Evaluation[]
  lab: TravellingResult[]
  series: { key: string; read(): Promise<Points> }[]
  checkpoints: { file: string; path: string }[]
}

/** Formats in which runs travel. */
export interface RunExchange {
  /** Replaces a file of that name only by a whole one. @throws UserError DISK */
  write(target: { format: 'archive' | 'tensorboard'; path: string; overwrite: boolean }, run: OutgoingRun): Promise<void>
  /** Reads an archive of a run or a TensorBoard event file; what was unpacked is there while `use` runs. @throws UserError BAD_INPUT, DISK */
  read<T>(path: string, signal: AbortSignal, use: (run: IncomingRun) => Promise<T>): Promise<T>
}
