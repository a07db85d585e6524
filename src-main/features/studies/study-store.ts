import type { CellCounts, CellWork, Factors, Study, StudyCell } from '../../contract/studies.js'

/** A cell as it is stored when its study starts. */
export interface StoredCell {
  position: number
  factors: Factors
  work: CellWork
  key: string
  runId: string | null
  takenOver: boolean
  /** What an earlier measurement of the same key found; null where there is none, or the cell has a run. */
  measured: Record<string, unknown> | null
  seconds: number | null
}

export type StoredStudy = Pick<Study, 'id' | 'name' | 'template' | 'options' | 'createdAt' | 'held'>

/** A measurement that has not been made. */
export interface WaitingCell {
  studyId: string
  position: number
  work: CellWork
}

export interface StudyStore {
  insert(study: StoredStudy, cells: readonly StoredCell[]): void
  /** Newest first. */
  list(): Study[]
  get(id: string): Study | undefined
  update(id: string, patch: Partial<Pick<Study, 'name' | 'held'>>): void
  remove(id: string): void
  /** Those of a study in their order. The state of a cell with a run is that of the run. */
  cells(id: string): StudyCell[]
  counts(id: string): CellCounts
  /** Gives a cell another run, or none. */
  setRun(id: string, position: number, runId: string | null): void
  setMeasurement(id: string, position: number, found: Pick<StudyCell, 'state' | 'reason' | 'measured' | 'seconds'>): void
  /** What an earlier measurement of this key found. */
  measuredBy(key: string): { measured: Record<string, unknown>; seconds: number | null } | null
  /** Runs of cells of this key that are in sight and have not failed, the oldest first. */
  runsOf(key: string): string[]
  /** The first measurement that waits, of a study that is not held. @param among ids of the studies that count; null for all */
  waiting(among: readonly string[] | null): WaitingCell | undefined
  /** Marks measurements that a host left at work as waiting; answers the studies that they are of. */
  recover(): string[]
  /** Gives a data set its new name in options, factors and work of every study; returns the studies that refer to it. */
  renameDataset(from: string, to: string): string[]
  /** Studies that have cells with this run. */
  withRun(runId: string): string[]
}
