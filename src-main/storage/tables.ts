import type { Alert } from '../contract/alerts.js'
import type { Checkpoint, LogEntry, RunStatus } from '../contract/runs.js'
import type { CellState } from '../contract/studies.js'

/**
 * The types of the tables. The migrations create them; a test compares the two, column by column. The stores use these row types and write
 * SQL themselves.
 */

/** A column, with the type of the values that SQLite returns. */
interface Column<T> {
  type: 'INTEGER' | 'REAL' | 'TEXT' | 'BLOB'
  nullable: boolean
  /** Never set: it only carries the type. */
  value?: T
}

/** The result row of a statement that selects all columns of a table. */
type Row<Table> = { [Name in keyof Table]: Table[Name] extends Column<infer T> ? T : never }

const integer: Column<number> = { type: 'INTEGER', nullable: false }
const real: Column<number> = { type: 'REAL', nullable: false }
const blob: Column<Buffer> = { type: 'BLOB', nullable: false }
const text: Column<string> = { type: 'TEXT', nullable: false }
/** One of several texts. */
const oneOf = <T extends string>(): Column<T> => ({ type: 'TEXT', nullable: false })
const nullable = <T>({ type }: Column<T>): Column<T | null> => ({ type, nullable: true })

const runs = {
  number: integer,
  id: text,
  name: text,
  preset: text,
  dataset: text,
  status: oneOf<RunStatus>(),
  phase: nullable(text),
  reason: nullable(text),
  seed: integer,
  parameters: integer,
  createdAt: real,
  startedAt: nullable(real),
  endedAt: nullable(real),
  step: integer,
  totalSteps: integer,
  stepsPerEpoch: nullable(integer),
  activeSeconds: real,
  remainingSeconds: nullable(real),
  latest: text,
  best: text,
  /** A GradientCheck as JSON. */
  gradients: nullable(text),
  reported: nullable(text),
  lease: integer,
  parentId: nullable(text),
  queueOrder: integer,
  /** A JSON array of texts. */
  tags: text,
  note: text,
  colour: nullable(text),
  pinned: integer,
  baseline: integer,
  archived: integer,
  /** Set while the run is hidden and can be restored. */
  removedAt: nullable(real),
  removedAfter: nullable(real),
  studyId: nullable(text),
  projectId: nullable(text),
}

const run_records = {
  runId: text,
  config: text,
  environment: text,
  result: nullable(text),
  weightsFile: nullable(text),
  pid: nullable(integer),
  notes: text,
  configVersion: integer,
  pauseAt: nullable(integer),
}

const series = {
  id: integer,
  runId: text,
  key: text,
  count: integer,
  lastStep: real,
  lastValue: nullable(real),
  tailRows: integer,
  tailCount: integer,
}

const tails = {
  id: integer,
  seriesId: integer,
  /** Index of the first point in its series. */
  start: integer,
  count: integer,
  firstStep: real,
  lastStep: real,
  steps: blob,
  vals: blob,
  times: blob,
}

const chunks = {
  ...tails,
  /** Summary of all its points, and of every 64 of them: see `summary.ts`. */
  whole: blob,
  groups: blob,
}

const log = { id: integer, runId: text, at: real, level: oneOf<LogEntry['level']>(), message: text }

const checkpoints = {
  runId: text,
  file: text,
  step: integer,
  kind: oneOf<Checkpoint['kind']>(),
  bytes: integer,
  createdAt: real,
  metrics: text,
  weightsHash: text,
  pinned: integer,
  contentHash: nullable(text),
}

const evaluations = {
  runId: text,
  file: text,
  step: integer,
  at: real,
  datasetHash: nullable(text),
  images: integer,
  accuracy: real,
  loss: nullable(real),
  /** JSON arrays. */
  confusion: text,
  mistakes: text,
}

const lab_results = {
  number: integer,
  runId: text,
  file: text,
  step: integer,
  at: real,
  diagnostic: text,
  title: text,
  /** JSON. */
  options: text,
  seconds: real,
  result: text,
}

const studies = {
  id: text,
  name: text,
  template: text,
  /** JSON. */
  options: text,
  createdAt: real,
  held: integer,
  phase: integer,
  undecided: integer,
  projectId: nullable(text),
  /** Resources as JSON. */
  place: nullable(text),
}

const study_cells = {
  studyId: text,
  position: integer,
  /** JSON. */
  factors: text,
  work: text,
  key: text,
  runId: nullable(text),
  takenOver: integer,
  /** The state of a measurement or computation; that of a run is in its row. */
  state: nullable(oneOf<CellState>()),
  reason: nullable(text),
  measured: nullable(text),
  seconds: nullable(real),
  phase: integer,
  until: nullable(integer),
}

/** Lattices over inputs: one byte per point, and the extent as JSON. */
const regions = { runId: text, step: integer, size: integer, extent: text, predicted: blob }

/** Histograms of every unit at one step: the parts as JSON, and float32 values. */
const histograms = { runId: text, step: integer, bins: integer, parts: text, vals: blob }

const jobs = {
  runId: text,
  /** JSON. */
  resources: text,
  firstLease: nullable(integer),
  jobId: nullable(text),
  submittedAt: nullable(real),
  lease: nullable(integer),
  readTo: integer,
  node: nullable(text),
  took: nullable(text),
  endedAt: nullable(real),
}

const journal = { seq: integer, kind: text, runId: nullable(text), bytesUpTo: integer, body: text }

const alerts = {
  id: integer,
  at: real,
  kind: oneOf<Alert['kind']>(),
  level: oneOf<Alert['level']>(),
  runId: nullable(text),
  message: text,
  read: integer,
}

const named = {
  id: text,
  name: text,
  createdAt: real,
  updatedAt: real,
  view: text,
  removedAt: nullable(real),
  removedAfter: nullable(real),
}

const datasets = { name: text, description: text }

const settings = { key: text, value: text }

/** By their names in the database. */
export const TABLES = {
  runs,
  run_records,
  series,
  chunks,
  tails,
  log,
  checkpoints,
  evaluations,
  lab_results,
  studies,
  study_cells,
  regions,
  histograms,
  jobs,
  journal,
  alerts,
  comparisons: named,
  run_views: named,
  projects: named,
  datasets,
  settings,
}

/** The result row of selecting all columns of the table with that name. */
export type RowOf<Name extends keyof typeof TABLES> = Row<(typeof TABLES)[Name]>
