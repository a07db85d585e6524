import type { RunConfig } from '../../contract/config.js'
import type { Environment, RunResult, RunStatus, RunSummary } from '../../contract/runs.js'
import type { StoredConfig } from '../../contract/stored-config.js'
import type { Removal } from '../home/open-time.js'

/** What a new run is stored with. */
export interface NewRun {
  summary: RunSummary
  config: RunConfig
  environment: Environment
  /** Initial weights of a fork: a file name in the run's folder. */
  weightsFile: string | null
}

export type RunPatch = Partial<Omit<RunSummary, 'id' | 'preset' | 'dataset' | 'seed' | 'createdAt' | 'parentId'>>

export interface RunRecord {
  config: StoredConfig
  environment: Environment
  result: RunResult | null
  weightsFile: string | null
  /** Process id of the last trainer, and null once it is known to have ended. */
  pid: number | null
  /** Markdown. */
  notes: string
}

/** Runs that were removed are out of sight of everything here but `removed`, `setRemoved` and `remove`. */
export interface RunStore {
  insert(run: NewRun): void
  get(id: string): RunSummary | undefined
  /** Newest first. */
  list(): RunSummary[]
  /** The same as one text, as `packRuns` of the contract writes it. */
  packed(): string
  /** Those in one of these states, in the order in which they were queued. */
  inStatus(statuses: readonly RunStatus[]): RunSummary[]
  /** Configurations of the runs in sight that were made after the one of this number, in that order, at most so many. */
  configsAfter(number: number, limit: number): { number: number; id: string; config: StoredConfig }[]
  update(id: string, patch: RunPatch): void
  record(id: string): RunRecord | undefined
  /** Trainers that are not known to have ended, also of runs out of sight. */
  processes(): { id: string; pid: number }[]
  updateRecord(id: string, patch: Partial<Omit<RunRecord, 'config' | 'weightsFile'>>): void
  /** Puts the run at the end of the queue's order. */
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
