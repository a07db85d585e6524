import { z } from 'zod'
import { AlertSchema } from './alerts.js'
import { ComparisonIdSchema, ComparisonSchema } from './comparisons.js'
import { DatasetSchema } from './datasets.js'
import { EvaluationSummarySchema } from './evaluations.js'
import { HistogramsSchema } from './histograms.js'
import { LabEntrySchema } from './lab.js'
import { SeriesPointsSchema } from './metrics.js'
import { RegionsSchema } from './regions.js'
import { ProjectIdSchema, ProjectSchema } from './projects.js'
import { RunViewIdSchema, SavedRunViewSchema } from './run-views.js'
import { SettingsSchema } from './settings.js'
import { StudyIdSchema, StudySchema } from './studies.js'
import { CheckpointSchema, LogEntrySchema, RunIdSchema, RunSummarySchema } from './runs.js'

export const TaskSchema = z.strictObject({
  id: z.string(),
  /** The kind of work: on data sets, a run, the whole home, or the machine. */
  kind: z.enum(['dataset', 'examples', 'evaluation', 'backup', 'check', 'restore', 'measurement', 'computation', 'lab', 'setUp']),
  title: z.string(),
  state: z.enum(['running', 'done', 'failed', 'cancelled']),
  /** 0..1, or null when unknown. */
  progress: z.number().nullable(),
  message: z.string(),
})
export type Task = z.infer<typeof TaskSchema>

/** A committed fact. It is in the database before it is published. */
export const ChangeSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('run'), run: RunSummarySchema }),
  z.strictObject({ kind: z.literal('runRemoved'), runId: RunIdSchema }),
  z.strictObject({ kind: z.literal('points'), runId: RunIdSchema, series: z.array(SeriesPointsSchema) }),
  /** Points, evaluations, regions and histograms after this step were discarded, because the run resumed from a checkpoint at it. */
  z.strictObject({ kind: z.literal('truncated'), runId: RunIdSchema, afterStep: z.int() }),
  z.strictObject({ kind: z.literal('log'), runId: RunIdSchema, entries: z.array(LogEntrySchema) }),
  z.strictObject({ kind: z.literal('checkpoint'), checkpoint: CheckpointSchema }),
  z.strictObject({ kind: z.literal('checkpointRemoved'), runId: RunIdSchema, file: z.string() }),
  /** The weights of a checkpoint were evaluated; confusion matrix and mistakes are fetched when they are shown. */
  z.strictObject({ kind: z.literal('evaluation'), evaluation: EvaluationSummarySchema }),
  /** A diagnostic of a checkpoint has a new result; its tables and figures are fetched when they are shown. */
  z.strictObject({ kind: z.literal('labResult'), entry: LabEntrySchema }),
  /** A run of a problem in the plane was evaluated. */
  z.strictObject({ kind: z.literal('regions'), regions: RegionsSchema }),
  /** A run has collected histograms. */
  z.strictObject({ kind: z.literal('histograms'), histograms: HistogramsSchema }),
  z.strictObject({ kind: z.literal('notes'), runId: RunIdSchema, notes: z.string() }),
  z.strictObject({ kind: z.literal('alert'), alert: AlertSchema }),
  /** Alerts up to this number have been read. */
  z.strictObject({ kind: z.literal('alertsRead'), upTo: z.int() }),
  z.strictObject({ kind: z.literal('settings'), settings: SettingsSchema }),
  z.strictObject({ kind: z.literal('comparison'), comparison: ComparisonSchema }),
  z.strictObject({ kind: z.literal('comparisonRemoved'), id: ComparisonIdSchema }),
  z.strictObject({ kind: z.literal('runView'), view: SavedRunViewSchema }),
  z.strictObject({ kind: z.literal('runViewRemoved'), id: RunViewIdSchema }),
  z.strictObject({ kind: z.literal('project'), project: ProjectSchema }),
  z.strictObject({ kind: z.literal('projectRemoved'), id: ProjectIdSchema }),
  z.strictObject({ kind: z.literal('study'), study: StudySchema }),
  z.strictObject({ kind: z.literal('studyRemoved'), id: StudyIdSchema }),
  z.strictObject({ kind: z.literal('dataset'), dataset: DatasetSchema }),
  z.strictObject({ kind: z.literal('datasetRemoved'), name: z.string() }),
  /** Long-running work; not kept across restarts. */
  z.strictObject({ kind: z.literal('task'), task: TaskSchema }),
  /** The client asked for changes that are no longer kept and must fetch snapshots again. */
  z.strictObject({ kind: z.literal('reset') }),
])
export type Change = z.infer<typeof ChangeSchema>

/** The run of a change that is only sent to those who watch the run, because there are many such changes. Null for all others. */
export function watchedRun(change: Change): string | null {
  if (change.kind === 'points' || change.kind === 'log') return change.runId
  if (change.kind === 'histograms') return change.histograms.runId
  return change.kind === 'regions' ? change.regions.runId : null
}

/** A change with its sequence number among all changes of this home. */
export interface SequencedChange {
  seq: number
  change: Change
}

export const ChangesInputSchema = z.strictObject({
  /** Send only changes after this sequence number; absent: only new changes. tRPC fills it in on reconnection. */
  lastEventId: z.coerce.number().int().min(0).nullish(),
  /** Runs whose points, log entries, regions and histograms are sent; all other kinds are always sent. */
  detailOf: z.array(RunIdSchema).max(64).default([]),
})
