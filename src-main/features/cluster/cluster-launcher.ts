import type { Cluster, Resources } from '../../contract/cluster.js'
import type { Environment } from '../../contract/runs.js'
import type { TrainerExit, TrainerOrder, TrainerReport } from '../runs/control/trainers.js'
import type { Cursor } from './job-store.js'

/** An attempt of a job to compute a run: the first one, or one after a time limit, a preemption or the loss of a node. */
export interface ClusterAttempt {
  lease: number
  at: number
  /** The step that it goes on from; -1 when it begins anew. */
  fromStep: number
  node: string
  /** Where it computes. */
  provenance: Pick<Environment, 'retrace' | 'platform' | 'commit' | 'diff' | 'hardware' | 'numerics'>
}

/** Each cursor is to be stored in the transaction of what it comes with, so that a fact is taken in exactly once. */
export interface ClusterEvents {
  submitted(jobId: string): void
  /** What the job waits for, as a phase of the run. */
  waiting(phase: string): void
  attempt(attempt: ClusterAttempt, cursor: Cursor): void
  report(report: TrainerReport, cursor: Cursor): void
  /** Called exactly once, after all reports, when no job works on the run any more. */
  exited(exit: TrainerExit): void
}

export interface ClusterHandle {
  /** Ends the job with a checkpoint; one that still waits is cancelled. */
  command(command: 'pause' | 'stop'): void
  /** Follows the job no longer, which goes on. */
  detach(): void
  kill(reason: string): void
}

/** A job that a host has left, and the folders of its run. */
export interface LeftJob extends Cursor {
  runId: string
  firstLease: number
  jobId: string | null
  checkpointFolder: string
  logFolder: string
}

/** Has runs computed by the jobs of a batch system. */
export interface ClusterLauncher {
  /** Submits a job in the background; failures arrive as `exited`. The lease of the order is the first of its attempts. */
  launch(cluster: Cluster, order: TrainerOrder, resources: Resources, events: ClusterEvents): ClusterHandle
  /** Follows a job from where its facts have been taken in. */
  reattach(cluster: Cluster, job: LeftJob, events: ClusterEvents): ClusterHandle
  /** Ends all following. */
  close(): void
}
