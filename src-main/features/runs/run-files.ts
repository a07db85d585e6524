/** The files of runs. Every path is absolute. */
export interface RunFiles {
  readonly home: string
  checkpointFolder(runId: string): string
  logFolder(runId: string): string
  /** Creates the folders of a run. */
  prepareRun(runId: string): void
  /** Whether the file of that checkpoint exists. */
  hasCheckpoint(runId: string, file: string): boolean
  removeCheckpoint(runId: string, file: string): void
  /** Renames a damaged checkpoint, so that nothing uses it as one. */
  setAsideCheckpoint(runId: string, file: string): void
  /** Reads at most `count` bytes, starting at byte `from`. @throws UserError DISK */
  readCheckpoint(runId: string, file: string, from: number, count: number): Promise<Uint8Array>
  /** Moves checkpoints from elsewhere on the same disk into the folder of a run, which is created. */
  adoptCheckpoints(runId: string, from: readonly { file: string; path: string }[]): void
  /** Copies a checkpoint of the parent into the folder of a fork. @returns the file name of the copy */
  adoptWeights(fromRunId: string, file: string, runId: string): string
  /** Copies the initial weights of another run into the folder of a run. @returns the file name of the copy */
  copyWeights(fromRunId: string, file: string, runId: string): string
  /** Copies a file of weights of the user into the folder of a run. @returns the file name of the copy */
  importWeights(path: string, runId: string): string
  weightsPath(runId: string, file: string): string
  checkpointPath(runId: string, file: string): string
  removeRun(runId: string): Promise<void>
}
