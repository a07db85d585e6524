/** The files of runs. Every path is absolute. */
export interface RunFiles {
  readonly home: string
  checkpointFolder(runId: string): string
  logFolder(runId: string): string
  /** Makes the run's folders. */
  prepareRun(runId: string): void
  /** Whether that checkpoint is there. */
  hasCheckpoint(runId: string, file: string): boolean
  removeCheckpoint(runId: string, file: string): void
  /** Gives a damaged checkpoint a name under which nothing takes it for one. */
  setAsideCheckpoint(runId: string, file: string): void
  /** At most `count` bytes of it from `from` on. @throws UserError DISK */
  readCheckpoint(runId: string, file: string, from: number, count: number): Promise<Uint8Array>
  /** Moves checkpoints from elsewhere on the same disk into a run's folder, which it makes. */
  adoptCheckpoints(runId: string, from: readonly { file: string; path: string }[]): void
  /** Gives a fork its own copy of a parent's checkpoint and answers the copy's file name in the fork's folder. */
  adoptWeights(fromRunId: string, file: string, runId: string): string
  /** Gives a run its own copy of another's initial weights and answers the copy's file name in the run's folder. */
  copyWeights(fromRunId: string, file: string, runId: string): string
  /** Copies a user's file of weights into the run's folder and answers the copy's name there. */
  importWeights(path: string, runId: string): string
  weightsPath(runId: string, file: string): string
  checkpointPath(runId: string, file: string): string
  removeRun(runId: string): Promise<void>
}
