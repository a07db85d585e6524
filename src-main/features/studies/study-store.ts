import type { CellCounts, CellWork, Factors, Study, StudyCell, WorkOf } from '../../contract/studies.js'

/** A cell as it is stored when its study starts. */
export interface StoredCell {
  position: number
  factors: Factors
  work: CellWork
  key: string
  runId: string | null
  takenOver: boolean
  /** The result of an earlier measurement or computation with the same key; null if there is none, or the cell has a run. */
  measured: Record<string, unknown> | null
  seconds: number | null
  phase: number
  until: number | null
}

export type StoredStudy = Pick<Study, 'id' | 'name' | 'template' | 'options' | 'createdAt' | 'held' | 'undecided' | 'projectId'>

/** A measurement or computation that is still to be done. */
export interface WaitingCell<Kind extends CellWork['kind']> {
  studyId: string
  position: number
  factors: Factors
  work: WorkOf<Kind>
}

export interface StudyStore {
  insert(study: StoredStudy, cells: readonly StoredCell[]): void
  /** Adds cells to an existing study. */
  append(id: string, cells: readonly StoredCell[]): void
  /** Stores a decision. */
  decide(id: string, decision: Pick<Study, 'phase' | 'undecided'>): void
  /** Starts a cell again, up to that step. */
  setUntil(id: string, position: number, to: Pick<StudyCell, 'phase' | 'until'>): void
  /** Newest first. */
  list(): Study[]
  get(id: string): Study | undefined
  update(id: string, patch: Partial<Pick<Study, 'name' | 'held'>>): void
  remove(id: string): void
  /** The cells of a study in their order. The state of a cell with a run is that of the run. */
  cells(id: string): StudyCell[]
  counts(id: string): CellCounts
  /** Assigns another run, or none, to a cell. */
  setRun(id: string, position: number, runId: string | null): void
  /** Stores the result of a cell without a run. NaN and infinities are preserved. */
  setResult(id: string, position: number, found: Pick<StudyCell, 'state' | 'reason' | 'measured' | 'seconds'>): void
  /** The result of an earlier measurement or computation with this key. */
  resultOf(key: string): { measured: Record<string, unknown>; seconds: number | null } | null
  /**
   * Visible runs of cells with this key that have not failed, oldest first: those trained to their ends, and those that wait at this step
   * or a later one.
   */
  runsOf(key: string, until: number | null): string[]
  /** The first waiting cell of this kind in a study that is not held. @param among ids of the studies to consider; null for all */
  waiting<Kind extends 'measurement' | 'computation'>(kind: Kind, among: readonly string[] | null): WaitingCell<Kind> | undefined
  /** Marks measurements and computations that a host left unfinished as waiting; returns the ids of their studies. */
  recover(): string[]
  /** Gives a data set its new name in options, factors and work of every study; returns the studies that refer to it. */
  renameDataset(from: string, to: string): string[]
  /** Studies that have cells with this run. */
  withRun(runId: string): string[]
}
