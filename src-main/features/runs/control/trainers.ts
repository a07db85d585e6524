import type { RunConfig } from '../../../contract/config.js'
import type { EngineReport } from '../../../contract/engine.js'
import type { TestFigures } from '../../../contract/evaluations.js'
import type { Histograms } from '../../../contract/histograms.js'
import type { OwnFile } from '../../../contract/own-dynamics.js'
import type { Regions } from '../../../contract/regions.js'
import type { GradientCheck } from '../../../contract/gradients.js'
import type { Points } from '../../../contract/metrics.js'
import type { Checkpoint, LogEntry, RunResult } from '../../../contract/runs.js'

/** The work of one trainer, from which the supervisor creates its job. */
export interface TrainerOrder {
  runId: string
  lease: number
  config: RunConfig
  /** The user's file that defined its architecture when the run was created; null if that is built in. */
  dynamics: OwnFile | null
  datasetFolder: string
  /** Content hash of the data set when the run was created; null if unknown. */
  datasetHash: string | null
  checkpointFolder: string
  logFolder: string
  resumeFrom: string | null
  /** Earlier checkpoints, newest first, in case that one is damaged. */
  olderCheckpoints: string[]
  weightsFrom: string | null
  /** The step at which it pauses by itself; null trains to the end. */
  pauseAt: number | null
  /** Its slot among concurrent trainers, counted from 0; no two trainers share one at a time. */
  slot: number
  /** Maximum number of concurrent trainers, including this one. */
  slots: number
  /** `cpu`, or the UUID of a GPU that no other trainer uses; null if there is no choice of devices. */
  device: string | null
  /** A trainer with an older lease that may still be alive and must exit before this one starts. */
  previousPid: number | null
}

/** A report of a trainer, validated by the supervisor. */
export type TrainerReport =
  | { kind: 'engine'; report: EngineReport }
  | { kind: 'phase'; phase: string }
  | { kind: 'started'; step: number; totalSteps: number; stepsPerEpoch: number }
  | { kind: 'points'; step: number; activeSeconds: number; medianStepSeconds: number; series: ({ key: string } & Points)[] }
  | { kind: 'log'; at: number; level: LogEntry['level']; message: string }
  | ({ kind: 'checkpoint'; checkpoint: Checkpoint['kind'] } & Omit<Checkpoint, 'runId' | 'kind' | 'metrics'>)
  | { kind: 'gradients'; worst: GradientCheck }
  | { kind: 'damaged'; at: number; file: string; reason: string; goesOnFrom: number }
  | { kind: 'evaluation'; file: string; step: number; at: number; figures: TestFigures }
  | ({ kind: 'regions'; predicted: Uint8Array } & Pick<Regions, 'step' | 'size' | 'extent'>)
  | ({ kind: 'histograms'; values: Float32Array } & Pick<Histograms, 'step' | 'bins' | 'parts'>)
  | { kind: 'ended'; outcome: TrainerOutcome; reason: string | null; result: RunResult | null }

/** How a trainer ended. `interrupted` means that something other than Retrace asked it to exit, such as a shutdown. */
export type TrainerOutcome = 'finished' | 'paused' | 'stopped' | 'interrupted' | 'diverged' | 'failed'

/** How the process of a trainer ended. */
export interface TrainerExit {
  /** The reason as a sentence for users; null after a normal exit. */
  reason: string | null
  /** Whether the supervisor killed it because it did not obey a command in time. */
  overdue: boolean
  /** Whether something other than Retrace asked it to exit before it could report that. */
  interrupted?: boolean
  /** Whether nothing has begun, so that the run can be started again at once: its job was never submitted. */
  again?: boolean
}

export interface TrainerEvents {
  spawned(pid: number): void
  /**
   * Returns whether the report is stored permanently; a trainer keeps the rest in its last checkpoint. If this throws, the supervisor kills
   * the trainer and reports the error as the reason.
   */
  report(report: TrainerReport): boolean
  /** Called exactly once, after all reports. */
  exited(exit: TrainerExit): void
}

export interface TrainerHandle {
  /** Makes the trainer write a checkpoint after the current step and exit. If it does not obey in time, it is killed. */
  command(command: 'pause' | 'stop'): void
  /**
   * The home was moved or removed, and nothing is stored in it any more: as when it loses its host, the trainer writes a checkpoint with all
   * unacknowledged points and exits.
   * @param checkpointFolder the present folder of the run's checkpoints; null when there is none
   */
  leaveHome(checkpointFolder: string | null): void
  kill(reason: string): void
  /** Lets it go on without this host; only a job of a cluster can. */
  detach?(): void
}

/** The checkpoint of a trainer that lost its host, with the points that the host may not have received. */
export interface LeftBehind {
  file: string
  step: number
  bytes: number
  createdAt: number
  weightsHash: string
  contentHash?: string
  series: ({ key: string } & Points)[]
}

export interface TrainerLauncher {
  /** What the trainer of this lease left behind when it lost its host; null when there is nothing. */
  leftBehind(checkpointFolder: string, lease: number): LeftBehind | null
  /**
   * Resolves when the trainer of a dead host has exited: it writes a checkpoint and exits by itself, and is killed if that takes too long.
   * @param pid of its process, which may belong to another program by now
   */
  ended(pid: number, runId: string): Promise<void>
  /** Starts a trainer in the background; failures to start arrive as `exited`. */
  launch(order: TrainerOrder, events: TrainerEvents): TrainerHandle
}
