import type { RunConfig } from '../../../contract/config.js'
import type { EngineReport } from '../../../contract/engine.js'
import type { TestFigures } from '../../../contract/evaluations.js'
import type { Regions } from '../../../contract/regions.js'
import type { GradientCheck } from '../../../contract/gradients.js'
import type { Points } from '../../../contract/metrics.js'
import type { Checkpoint, LogEntry, RunResult } from '../../../contract/runs.js'

/** One trainer's work, from which the supervisor makes its job. */
export interface TrainerOrder {
  runId: string
  lease: number
  config: RunConfig
  datasetFolder: string
  /** Of its content when the run was made; null where that is not known. */
  datasetHash: string | null
  checkpointFolder: string
  logFolder: string
  resumeFrom: string | null
  /** For when that one is damaged: those before it, newest first. */
  olderCheckpoints: string[]
  weightsFrom: string | null
  /** Which of the places of the queue it takes, from 0: trainers that work at the same time have different ones. */
  slot: number
  /** Trainers that may work at the same time, this one included. */
  slots: number
  /** A trainer of an older lease that may still be alive; it must be gone before this one starts. */
  previousPid: number | null
}

/** What a trainer reports; the supervisor has validated it. */
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
  | { kind: 'ended'; outcome: TrainerOutcome; reason: string | null; result: RunResult | null }

/** `interrupted`: somebody other than Retrace asked the trainer to end, as a shutdown does. */
export type TrainerOutcome = 'finished' | 'paused' | 'stopped' | 'interrupted' | 'diverged' | 'failed'

/** How a trainer's process ended. */
export interface TrainerExit {
  /** A sentence for people; null when it ended as it should. */
  reason: string | null
  /** The supervisor killed it because it did not obey a command in time. */
  overdue: boolean
  /** Somebody other than Retrace asked it to end, before it could answer that it did. */
  interrupted?: boolean
}

export interface TrainerEvents {
  spawned(pid: number): void
  /**
   * Answers whether it is stored for good; a trainer takes what is not along in its last checkpoint. May throw: the supervisor then kills
   * the trainer and gives the error as the reason of its end.
   */
  report(report: TrainerReport): boolean
  /** Called exactly once; nothing is reported after it. */
  exited(exit: TrainerExit): void
}

export interface TrainerHandle {
  /** Checkpoint after the current step, then exit; a trainer that does not obey in time is killed. */
  command(command: 'pause' | 'stop'): void
  /**
   * The home is not where it was, and nothing of it is stored any more: as if the host were lost, the trainer writes a checkpoint with all
   * that was not acknowledged and ends.
   * @param checkpointFolder where the run's checkpoints are now; null where they are nowhere
   */
  leaveHome(checkpointFolder: string | null): void
  kill(reason: string): void
}

/** The checkpoint of a trainer that had lost its host, with the points that the host may not have got. */
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
  /** What the trainer of this lease left behind when its host was gone; null where there is nothing. */
  leftBehind(checkpointFolder: string, lease: number): LeftBehind | null
  /**
   * Resolves when the trainer of a host that died is gone: it writes a checkpoint and exits by itself, and is killed when that takes long.
   * @param pid of its process, which may be another program's by now
   */
  ended(pid: number, runId: string): Promise<void>
  /** Starts a trainer in the background; failures to start arrive as `exited`. */
  launch(order: TrainerOrder, events: TrainerEvents): TrainerHandle
}
