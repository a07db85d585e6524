import { integer, primaryKey, real, sqliteTable, text, unique, blob } from 'drizzle-orm/sqlite-core'
import type { Alert } from '../contract/alerts.js'
import type { Checkpoint, LogEntry, RunStatus } from '../contract/runs.js'

/**
 * The tables as TypeScript sees them. The migrations make them; a test compares the two, column by column. The stores take
 * their row types from here and speak SQL themselves: a prepared statement costs a twentieth of a query builder's.
 */

export const runs = sqliteTable('runs', {
  number: integer().primaryKey({ autoIncrement: true }),
  id: text().notNull().unique(),
  name: text().notNull(),
  preset: text().notNull(),
  dataset: text().notNull(),
  status: text().$type<RunStatus>().notNull(),
  phase: text(),
  reason: text(),
  seed: integer().notNull(),
  parameters: integer().notNull(),
  createdAt: real().notNull(),
  startedAt: real(),
  endedAt: real(),
  step: integer().notNull(),
  totalSteps: integer().notNull(),
  stepsPerEpoch: integer(),
  activeSeconds: real().notNull(),
  remainingSeconds: real(),
  latest: text().notNull(),
  best: text().notNull(),
  lease: integer().notNull(),
  parentId: text(),
  queueOrder: integer().notNull(),
  /** A JSON array of texts. */
  tags: text().notNull(),
  note: text().notNull(),
  colour: text(),
  pinned: integer().notNull(),
  baseline: integer().notNull(),
  archived: integer().notNull(),
  /** Set while the run is out of sight and can be brought back. */
  removedAt: real(),
})

export const runRecords = sqliteTable('run_records', {
  runId: text()
    .primaryKey()
    .references(() => runs.id, { onDelete: 'cascade' }),
  config: text().notNull(),
  environment: text().notNull(),
  result: text(),
  weightsFile: text(),
  pid: integer(),
  notes: text().notNull(),
})

export const series = sqliteTable(
  'series',
  {
    id: integer().primaryKey(),
    runId: text()
      .notNull()
      .references(() => runs.id, { onDelete: 'cascade' }),
    key: text().notNull(),
    count: integer().notNull(),
    lastStep: real().notNull(),
    lastValue: real(),
    tailRows: integer().notNull(),
    tailCount: integer().notNull(),
  },
  (table) => [unique().on(table.runId, table.key)],
)

const points = {
  id: integer().primaryKey(),
  seriesId: integer()
    .notNull()
    .references(() => series.id, { onDelete: 'cascade' }),
  /** Index of the first point in its series. */
  start: integer().notNull(),
  count: integer().notNull(),
  firstStep: real().notNull(),
  lastStep: real().notNull(),
  steps: blob({ mode: 'buffer' }).notNull(),
  vals: blob({ mode: 'buffer' }).notNull(),
  times: blob({ mode: 'buffer' }).notNull(),
}

export const chunks = sqliteTable(
  'chunks',
  {
    ...points,
    /** Summary of all its points, and of every 64 of them: see `summary.ts`. */
    whole: blob({ mode: 'buffer' }).notNull(),
    groups: blob({ mode: 'buffer' }).notNull(),
  },
  (table) => [unique().on(table.seriesId, table.start)],
)

export const tails = sqliteTable('tails', points, (table) => [unique().on(table.seriesId, table.start)])

export const log = sqliteTable('log', {
  id: integer().primaryKey({ autoIncrement: true }),
  runId: text()
    .notNull()
    .references(() => runs.id, { onDelete: 'cascade' }),
  at: real().notNull(),
  level: text().$type<LogEntry['level']>().notNull(),
  message: text().notNull(),
})

export const checkpoints = sqliteTable(
  'checkpoints',
  {
    runId: text()
      .notNull()
      .references(() => runs.id, { onDelete: 'cascade' }),
    file: text().notNull(),
    step: integer().notNull(),
    kind: text().$type<Checkpoint['kind']>().notNull(),
    bytes: integer().notNull(),
    createdAt: real().notNull(),
    metrics: text().notNull(),
    weightsHash: text().notNull(),
    pinned: integer().notNull(),
  },
  (table) => [primaryKey({ columns: [table.runId, table.file] })],
)

export const evaluations = sqliteTable(
  'evaluations',
  {
    runId: text()
      .notNull()
      .references(() => runs.id, { onDelete: 'cascade' }),
    file: text().notNull(),
    step: integer().notNull(),
    at: real().notNull(),
    datasetHash: text(),
    images: integer().notNull(),
    accuracy: real().notNull(),
    loss: real(),
    /** JSON arrays. */
    confusion: text().notNull(),
    mistakes: text().notNull(),
  },
  (table) => [primaryKey({ columns: [table.runId, table.file] })],
)

export const journal = sqliteTable('journal', {
  seq: integer().primaryKey({ autoIncrement: true }),
  kind: text().notNull(),
  runId: text(),
  bytesUpTo: integer().notNull(),
  body: text().notNull(),
})

export const alerts = sqliteTable('alerts', {
  id: integer().primaryKey({ autoIncrement: true }),
  at: real().notNull(),
  kind: text().$type<Alert['kind']>().notNull(),
  level: text().$type<Alert['level']>().notNull(),
  runId: text().references(() => runs.id, { onDelete: 'cascade' }),
  message: text().notNull(),
  read: integer().notNull(),
})

const named = {
  id: text().primaryKey(),
  name: text().notNull(),
  createdAt: real().notNull(),
  updatedAt: real().notNull(),
  view: text().notNull(),
  removedAt: real(),
}

export const comparisons = sqliteTable('comparisons', named)

export const runViews = sqliteTable('run_views', named)

export const datasets = sqliteTable('datasets', { name: text().primaryKey(), description: text().notNull() })

export const settings = sqliteTable('settings', { key: text().primaryKey(), value: text().notNull() })
