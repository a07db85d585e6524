import type { Checkpoint } from '../../contract/runs.js'

export interface CheckpointStore {
  /** Replaces an earlier one of the same file name, which stays pinned where it was. */
  put(checkpoint: Checkpoint): void
  setPinned(runId: string, file: string, pinned: boolean): void
  /** Ascending by step, then by time. */
  list(runId: string): Checkpoint[]
  remove(runId: string, file: string): void
}
