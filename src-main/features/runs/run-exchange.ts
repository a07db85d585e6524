import type { Evaluation } from '../../contract/evaluations.js'
import type { Histograms } from '../../contract/histograms.js'
import type { LabEntry, LabResult } from '../../contract/lab.js'
import type { Points } from '../../contract/metrics.js'
import type { Regions } from '../../contract/regions.js'
import type { LogEntry, RunDetail } from '../../contract/runs.js'

/** A result of the lab with its checkpoint. The results of a run are sorted from oldest to newest. */
export interface TravellingResult extends Pick<LabEntry, 'file' | 'step' | 'at'> {
  result: LabResult
}

/** A run to be exported. */
export interface OutgoingRun {
  detail: RunDetail
  /** The name of its project; null for none. */
  project: string | null
  log: LogEntry[]
  evaluations: Evaluation[]
  lab: TravellingResult[]
  regions: Regions[]
  histograms: Histograms[]
  series: { key: string; count: number }[]
  points(key: string, start: number, limit: number): Points
  /** Absolute path of the file of a checkpoint, which may be missing. */
  checkpointPath(file: string): string
}

/** A validated run from a file; its checkpoints are in a temporary folder. */
export interface IncomingRun {
  detail: RunDetail
  /** The name of its original project; null for none. */
  project: string | null
  log: LogEntry[]
  evaluations: Evaluation[]
  lab: TravellingResult[]
  regions: Omit<Regions, 'runId'>[]
  histograms: Omit<Histograms, 'runId'>[]
  series: { key: string; read(): Promise<Points> }[]
  checkpoints: { file: string; path: string }[]
}

/** Reads and writes the exchange formats of runs. */
export interface RunExchange {
  /** Writes a file. An existing one is replaced only when the new one is complete. @throws UserError DISK */
  write(target: { format: 'archive' | 'tensorboard'; path: string; overwrite: boolean }, run: OutgoingRun): Promise<void>
  /**
   * The runs at a path, each with its own path for reading: the path itself, or the folders below it that contain one. Among several runs
   * of a log directory, the name is the one by which TensorBoard distinguishes it, the relative path of its folder; null: its own.
   * @throws UserError BAD_INPUT, DISK
   */
  find(path: string): Promise<{ path: string; name: string | null }[]>
  /** Reads an archive of a run, or a run of TensorBoard, W&B or MLflow. Unpacked files exist only while `use` runs. @throws UserError BAD_INPUT, DISK */
  read<T>(path: string, signal: AbortSignal, use: (run: IncomingRun) => Promise<T>): Promise<T>
}
