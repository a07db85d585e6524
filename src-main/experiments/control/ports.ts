import type { Alerts } from '../alerts.js'
import type { Changes } from '../changes.js'
import type {
  CheckpointStore,
  Clock,
  EvaluationStore,
  HomeFiles,
  LogStore,
  RunStore,
  SeriesStore,
  SettingsStore,
  TrainerHandle,
  TrainerLauncher,
} from '../ports.js'

/** What the control of runs works with. */
export interface RunControlPorts {
  changes: Changes
  runs: RunStore
  series: SeriesStore
  log: LogStore
  checkpoints: CheckpointStore
  evaluations: EvaluationStore
  settings: SettingsStore
  files: HomeFiles
  trainers: TrainerLauncher
  clock: Clock
  alerts: Alerts
  /** Told of what went wrong where nobody waits for an answer. */
  fault(error: unknown): void
}

/** A trainer at work, from the launch to the end of its process. */
export interface LiveRun {
  readonly id: string
  readonly lease: number
  readonly slot: number
  handle: TrainerHandle | null
  /** The run's active seconds before this trainer. */
  readonly before: number
  /** Step at which this trainer began. */
  from: number
  ended: boolean
  /** Ended by `close`, not by the user. */
  closing: boolean
  /** Why Retrace itself pauses it; null when it is the user who does. */
  why: string | null
  readonly tolerance: number
  /** The user has been told of the reconstruction error. */
  warned: boolean
  rowPublishedAt: number
  cancelRow: (() => void) | null
}
