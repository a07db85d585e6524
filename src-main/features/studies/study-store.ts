import type { CellCounts, CellWork, Factors, Study, StudyCell, WorkOf } from '../../contract/studies.js'

/** A cell as it is stored when its study starts. */
export interface StoredCell {
  position: number
  factors: Factors
  work: CellWork
  key: string
  runId: string | null
  takenOver: boolean
  /** What an earlier measurement or computation of the same key found; null where there is none, or the cell has a run. */
  measured: Record<string, unknown> | null
  seconds: number | null
  phase: number
  until: number | null
}

export type StoredStudy = Pick<Study, 'id' | 'name' | 'template' | 'options' | 'createdAt' | 'held' | 'undecided' | 'projectId'>

/** A measurement or computation that has not been made. */
export interface WaitingCell<Kind extends CellWork['kind']> {
  studyId: string
  position: number
  factors: Factors
  work: WorkOf<Kind>
}

export interface StudyStore {
  insert(study: StoredStudy, cells: readonly StoredCell[]): void
  /** Adds cells to a study that is there. */
  append(id: string, cells: readonly StoredCell[]): void
  /** Stores that it was decided what follows. */
  decide(id: string, decision: Pick<Study, 'phase' | 'undecided'>): void
  /** Sets a cell to work again, up to that step. */
  setUntil(id: string, position: number, to: Pick<StudyCell, 'phase' | 'until'>): void
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
  /** Of a cell without a run. NaN and infinities are kept. */
  setResult(id: string, position: number, found: Pick<StudyCell, 'state' | 'reason' | 'measured' | 'seconds'>): void
  /** What an earlier measurement or computation of this key found. */
  resultOf(key: string): { measured: Record<string, unknown>; seconds: number | null } | null
  /**
   * Runs of cells of this key that are in sight and have not failed, the oldest first: those that are trained to their ends, and those that
   * wait at this step or a later one.
   */
  runsOf(key: string, until: number | null): string[]
  /** The first cell of this kind that waits, of a study that is not held. @param among ids of the studies that count; null for all */
  waiting<Kind extends 'measurement' | 'computation'>(kind: Kind, among: readonly string[] | null): WaitingCell<Kind> | undefined
  /** Marks measurements and computations that a host left at work as waiting; answers the studies that they are of. */
  recover(): string[]
  /** Gives a data set its new name in options, factors and work of every study; returns the studies that refer to it. */
  renameDataset(from: string, to: string): string[]
  /** Studies that have cells with this run. */
  withRun(runId: string): string[]
}
