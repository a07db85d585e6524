import { z } from 'zod'
import { RunConfigSchema, RunOverridesSchema } from './config.js'
import { EngineReportSchema } from './engine.js'

export const RunStatusSchema = z.enum([
  'queued',
  'starting',
  'running',
  'pausing',
  'paused',
  'stopping',
  'stopped',
  'finished',
  'failed',
  'diverged',
  'interrupted',
])
export type RunStatus = z.infer<typeof RunStatusSchema>

/** A trainer works on the run, or will without being asked again. */
export const ACTIVE: readonly RunStatus[] = ['starting', 'running', 'pausing', 'stopping']
/** Stands in place of the preset of runs that were imported without a configuration: what is stored as theirs says nothing of them. */
export const NO_PRESET = 'tensorboard'
export const hasConfiguration = ({ preset }: { preset: string }): boolean => preset !== NO_PRESET

/** The run can go on from its last checkpoint. */
export const RESUMABLE: readonly RunStatus[] = ['paused', 'stopped', 'failed', 'diverged', 'interrupted']

export const RunIdSchema = z.string().regex(/^[a-z0-9]{4,32}$/, 'not a run id')

export const TagSchema = z
  .string()
  .trim()
  .min(1)
  .max(40)
  .regex(/^[^,\n]+$/, 'a tag has no comma')
/** As CSS writes it, for example #3f7cac. */
export const ColourSchema = z.string().regex(/^#[0-9a-f]{6}$/, 'write a colour like #3f7cac')
export const NotesSchema = z.string().max(50_000)

/** One row of the table of runs; small, because every change publishes it whole. */
export const RunSummarySchema = z.strictObject({
  id: RunIdSchema,
  name: z.string(),
  preset: z.string(),
  dataset: z.string(),
  status: RunStatusSchema,
  /** What the trainer is doing while starting or running: 'loading data', 'training', 'evaluating', ... */
  phase: z.string().nullable(),
  /** Why a run failed, diverged or was interrupted: a sentence for people. */
  reason: z.string().nullable(),
  seed: z.int(),
  parameters: z.int(),
  createdAt: z.number(),
  startedAt: z.number().nullable(),
  endedAt: z.number().nullable(),
  step: z.int(),
  totalSteps: z.int(),
  stepsPerEpoch: z.int().nullable(),
  /** Seconds during which a trainer worked on it. */
  activeSeconds: z.number(),
  /** Estimate; null when unknown or not running. */
  remainingSeconds: z.number().nullable(),
  /** Last value of each metric by key. */
  latest: z.record(z.string(), z.number().or(z.nan())),
  /** Best finite value of each metric of which it is known whether more or less is better. */
  best: z.record(z.string(), z.number()).default({}),
  /** Increases with each trainer; facts from an older one are refused. */
  lease: z.int(),
  parentId: RunIdSchema.nullable(),
  tags: z.array(TagSchema),
  /** First line of the notes; the whole text is in the detail. */
  note: z.string(),
  colour: ColourSchema.nullable(),
  pinned: z.boolean(),
  /** The one run that others are compared with. */
  baseline: z.boolean(),
  /** Kept, but out of sight unless asked for. */
  archived: z.boolean(),
  /** Queued runs start in ascending order. */
  queueOrder: z.int(),
})
export type RunSummary = z.infer<typeof RunSummarySchema>

export const HardwareSchema = z.strictObject({
  processor: z.string(),
  /** Logical cores. */
  cores: z.int(),
  memoryBytes: z.number(),
  gpus: z.array(z.string()),
})

export const EnvironmentSchema = z.strictObject({
  engine: EngineReportSchema.nullable(),
  datasetHash: z.string().nullable(),
  retrace: z.string(),
  platform: z.string(),
  commit: z.string().nullable(),
  diff: z.string().nullable(),
  /** Absent for runs of an earlier version. */
  hardware: HardwareSchema.optional(),
})
export type Environment = z.infer<typeof EnvironmentSchema>

export const CheckpointSchema = z.strictObject({
  runId: RunIdSchema,
  step: z.int(),
  /** File name inside the run's folder of checkpoints. */
  file: z.string(),
  kind: z.enum(['start', 'schedule', 'pause', 'stop', 'final', 'best']),
  bytes: z.int(),
  createdAt: z.number(),
  metrics: z.record(z.string(), z.number().or(z.nan())),
  weightsHash: z.string(),
  /** No clean-up removes it; absent where it is not pinned. */
  pinned: z.literal(true).optional(),
})
export type Checkpoint = z.infer<typeof CheckpointSchema>

/** The most bytes of a checkpoint that one question is answered with. */
export const MAX_CHECKPOINT_STRETCH = 4 * 2 ** 20

export const ResultSchema = z.strictObject({
  testAccuracy: z.number().nullable(),
  testLoss: z.number().nullable(),
  weightsHash: z.string(),
  seconds: z.number(),
})
export type RunResult = z.infer<typeof ResultSchema>

export const LogEntrySchema = z.strictObject({
  runId: RunIdSchema,
  at: z.number(),
  level: z.enum(['debug', 'info', 'warn', 'error']),
  message: z.string(),
})
export type LogEntry = z.infer<typeof LogEntrySchema>

export const RunDetailSchema = RunSummarySchema.extend({
  config: RunConfigSchema,
  environment: EnvironmentSchema,
  checkpoints: z.array(CheckpointSchema),
  result: ResultSchema.nullable(),
  /** Markdown. */
  notes: z.string(),
})
export type RunDetail = z.infer<typeof RunDetailSchema>

export const CreateRunSchema = z.strictObject({
  preset: z.string().min(1),
  dataset: z.string().min(1),
  name: z.string().trim().max(200).optional(),
  overrides: RunOverridesSchema.default({}),
  /** Length in passes over the training data; exclusive with overrides.steps. */
  epochs: z.number().positive().max(100_000).optional(),
  /** Initial weights: absolute path of a .safetensors file with `params/*` and `stats/*` by the names of a checkpoint. */
  weights: z.string().min(1).max(4096).optional(),
})
export type CreateRun = z.input<typeof CreateRunSchema>

/** A fork: its parent's configuration with changes, from the weights of one of its checkpoints. */
export const ForkRunSchema = CreateRunSchema.pick({ name: true, overrides: true, epochs: true }).extend({
  /** Of the checkpoint; the last by default. */
  step: z.int().min(0).optional(),
})
export type ForkRun = z.input<typeof ForkRunSchema>

/** What can be changed of many runs at once; what is absent stays. */
export const EditRunsSchema = z.strictObject({
  ids: z.array(RunIdSchema).min(1).max(10_000),
  addTags: z.array(TagSchema).max(32).optional(),
  removeTags: z.array(TagSchema).max(32).optional(),
  colour: ColourSchema.nullable().optional(),
  pinned: z.boolean().optional(),
  baseline: z.boolean().optional(),
  archived: z.boolean().optional(),
})
export type EditRuns = z.infer<typeof EditRunsSchema>

export const BULK_ACTIONS = ['pause', 'resume', 'stop', 'retry', 'again', 'remove', 'restore', 'purge'] as const
export const BulkSchema = z.strictObject({ ids: z.array(RunIdSchema).min(1).max(10_000), action: z.enum(BULK_ACTIONS) })
export type BulkAction = (typeof BULK_ACTIONS)[number]

/** What became of one run of many; the others went on regardless. */
export interface BulkResult {
  id: string
  /** null when it was done, else the sentence that says why not. */
  refusal: string | null
  /** The run that `again` made. */
  madeId?: string
}

/** A run that was removed and can still be brought back. */
export interface RemovedRun {
  run: RunSummary
  removedAt: number
  /** When it and its files go for good. */
  goesAt: number
}
