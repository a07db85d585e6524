import { z } from 'zod'
import { AlertSchema } from './alerts.js'
import { ComparisonIdSchema, ComparisonSchema } from './comparisons.js'
import { DatasetSchema } from './datasets.js'
import { EvaluationSummarySchema } from './evaluations.js'
import { SeriesPointsSchema } from './metrics.js'
import { RunViewIdSchema, SavedRunViewSchema } from './run-views.js'
import { SettingsSchema } from './settings.js'
import { CheckpointSchema, LogEntrySchema, RunIdSchema, RunSummarySchema } from './runs.js'

export const TaskSchema = z.strictObject({
  id: z.string(),
  /** What is done: to data sets, to a run, to the home as a whole, or with the machine. */
  kind: z.enum(['dataset', 'evaluation', 'backup', 'check', 'restore', 'measurement']),
  title: z.string(),
  state: z.enum(['running', 'done', 'failed', 'cancelled']),
  /** 0..1, or null when unknown. */
  progress: z.number().nullable(),
  message: z.string(),
})
export type Task = z.infer<typeof TaskSchema>

/** A committed fact. It is in the database before anyone hears of it. */
export const ChangeSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('run'), run: RunSummarySchema }),
  z.strictObject({ kind: z.literal('runRemoved'), runId: RunIdSchema }),
  z.strictObject({ kind: z.literal('points'), runId: RunIdSchema, series: z.array(SeriesPointsSchema) }),
  /** Points and evaluations after this step were discarded, because the run resumed from a checkpoint at it. */
  z.strictObject({ kind: z.literal('truncated'), runId: RunIdSchema, afterStep: z.int() }),
  z.strictObject({ kind: z.literal('log'), runId: RunIdSchema, entries: z.array(LogEntrySchema) }),
  z.strictObject({ kind: z.literal('checkpoint'), checkpoint: CheckpointSchema }),
  z.strictObject({ kind: z.literal('checkpointRemoved'), runId: RunIdSchema, file: z.string() }),
  /** The weights of a checkpoint were evaluated; the matrix and the mistakes are asked for when they are looked at. */
  z.strictObject({ kind: z.literal('evaluation'), evaluation: EvaluationSummarySchema }),
  z.strictObject({ kind: z.literal('notes'), runId: RunIdSchema, notes: z.string() }),
  z.strictObject({ kind: z.literal('alert'), alert: AlertSchema }),
  /** Alerts up to this number have been read. */
  z.strictObject({ kind: z.literal('alertsRead'), upTo: z.int() }),
  z.strictObject({ kind: z.literal('settings'), settings: SettingsSchema }),
  z.strictObject({ kind: z.literal('comparison'), comparison: ComparisonSchema }),
  z.strictObject({ kind: z.literal('comparisonRemoved'), id: ComparisonIdSchema }),
  z.strictObject({ kind: z.literal('runView'), view: SavedRunViewSchema }),
  z.strictObject({ kind: z.literal('runViewRemoved'), id: RunViewIdSchema }),
  z.strictObject({ kind: z.literal('dataset'), dataset: DatasetSchema }),
  z.strictObject({ kind: z.literal('datasetRemoved'), name: z.string() }),
  /** Long work; not kept over a restart. */
  z.strictObject({ kind: z.literal('task'), task: TaskSchema }),
  /** The client asked for what is no longer kept: fetch snapshots anew. */
  z.strictObject({ kind: z.literal('reset') }),
])
export type Change = z.infer<typeof ChangeSchema>

/** A change with its place in the order of all changes of this home. */
export interface SequencedChange {
  seq: number
  change: Change
}

export const ChangesInputSchema = z.strictObject({
  /** Only what follows this sequence number; absent: only what is new. tRPC fills it in on reconnection. */
  lastEventId: z.coerce.number().int().min(0).nullish(),
  /** Runs whose points and log entries are wanted; every other kind is always sent. */
  detailOf: z.array(RunIdSchema).max(64).default([]),
})
