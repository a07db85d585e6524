import type { RunConfig } from '../../contract/config.js'
import type { Environment, LoggedConfig, RunResult, RunStatus, RunSummary } from '../../contract/runs.js'
import type { StoredConfig } from '../../contract/stored-config.js'
import type { Removal } from '../home/open-time.js'

/** The stored data of a new run. */
export interface NewRun {
  summary: RunSummary
  config: RunConfig
  environment: Environment
  /** Initial weights of a fork: a file name in the run's folder. */
  weightsFile: string | null
  /** See `RunRecord`. */
  pauseAt?: number | null
}

export type RunPatch = Partial<Omit<RunSummary, 'id' | 'preset' | 'dataset' | 'seed' | 'createdAt' | 'parentId'>>

export interface RunRecord {
  config: StoredConfig
  environment: Environment
  result: RunResult | null
  weightsFile: string | null
  /** Process id of the last trainer; null once it is known to have exited. */
  pid: number | null
  /** The step at which its trainer pauses by itself, as requested by a study; null trains to the end. */
  pauseAt: number | null
  /** Markdown. */
  notes: string
}

/** The rows of runs. Removed runs are hidden from everything here except `removed`, `setRemoved` and `remove`. */
export interface RunStore {
  insert(run: NewRun): void
  get(id: string): RunSummary | undefined
  /** Newest first. */
  list(): RunSummary[]
  /** The same as one text in the format of `packRuns` of the contract. */
  packed(): string
  /** Runs in one of these states, in the order of the queue. */
  inStatus(statuses: readonly RunStatus[]): RunSummary[]
  /**
   * Configurations of the visible runs that were created after the one with this number, in that order, up to a limit; with the
   * configuration logged by another program, if any.
   */
  configsAfter(number: number, limit: number): { number: number; id: string; config: StoredConfig; logged: LoggedConfig | undefined }[]
  update(id: string, patch: RunPatch): void
  record(id: string): RunRecord | undefined
  /** Trainers that are not known to have exited, including those of removed runs. */
  processes(): { id: string; pid: number }[]
  updateRecord(id: string, patch: Partial<Omit<RunRecord, 'config' | 'weightsFile'>>): void
  /** Moves the run to the end of the queue. */
  enqueue(id: string): void
  /** Queued runs start in ascending order. */
  setOrder(id: string, order: number): void
  /** Marks the run as removed, or restores it when null. */
  setRemoved(id: string, removal: Removal | null): void
  isRemoved(id: string): boolean
  /** Removed runs, the most recently removed first. */
  removed(): { run: RunSummary; removal: Removal }[]
  /** Runs marked as baseline, including removed ones. */
  baselines(): string[]
  /** Deletes a run permanently, with everything that belongs to it. */
  remove(id: string): void
  /** Renames the data set of runs, also in their configurations. @returns the ids of those that are not removed */
  renameDataset(from: string, to: string): string[]
  /** Number for the default name of the next run. */
  nextNumber(): number
}
