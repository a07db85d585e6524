import type { Checkpoint } from '../../contract/runs.js'

export interface CheckpointStore {
  /** Adds a checkpoint, or replaces the one with the same file name, which stays pinned if it was. */
  put(checkpoint: Checkpoint): void
  setPinned(runId: string, file: string, pinned: boolean): void
  /** Sorted by step, then by time. */
  list(runId: string): Checkpoint[]
  remove(runId: string, file: string): void
}
