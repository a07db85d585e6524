import { z } from 'zod'
import { ResourcesSchema } from './cluster.js'
import { RunConfigSchema, RunOverridesSchema } from './config.js'
import { DatasetNameSchema } from './dataset-name.js'
import { EngineReportSchema } from './engine.js'
import { DeviceSchema } from './gpus.js'
import { GradientCheckSchema } from './gradients.js'
import { OwnFileSchema } from './own-dynamics.js'
import { ProjectIdSchema } from './projects.js'
import { isReservedKey } from './reserved-key.js'

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

/** A trainer is working on the run, or will without further action. */
export const ACTIVE: readonly RunStatus[] = ['starting', 'running', 'pausing', 'stopping']
/**
 * The value of `preset` for runs that another program made, and where they come from. The configuration stored for them is a
 * placeholder, and there are no weights of a network that Retrace knows.
 */
const ELSEWHERE: Readonly<Record<string, string>> = {
  tensorboard: 'imported from TensorBoard, without a configuration',
  'logged elsewhere': 'logged by another program',
}
/** Runs imported from TensorBoard event files. */
export const NO_PRESET = 'tensorboard'
/** Runs that another program logs into the home: `contract/logged-runs.ts`. */
export const LOGGED = 'logged elsewhere'
export const hasConfiguration = ({ preset }: { preset: string }): boolean => !Object.hasOwn(ELSEWHERE, preset)
/** The origin of a run without a configuration of Retrace; null for those trained by Retrace. */
export const originOf = ({ preset }: { preset: string }): string | null => (hasConfiguration({ preset }) ? null : ELSEWHERE[preset]!)
/** A trainer works on the run, or is about to. */
export const hasTrainer = (run: { preset: string; status: RunStatus }): boolean => ACTIVE.includes(run.status) && hasConfiguration(run)
/** Why a command that trains or examines weights is refused. */
export const describeElsewhere = ({ name, preset }: { name: string; preset: string }): string =>
  `${name} was ${originOf({ preset })}: Retrace has neither its network nor its weights, so it cannot be paused, resumed, repeated, forked or evaluated. Compare it, or start a new run.`

/** The configuration of a run logged by another program: arbitrary values by key. */
export const LoggedConfigSchema = z.record(
  z
    .string()
    .min(1)
    .max(200)
    .refine((key) => !isReservedKey(key), 'is a reserved name: rename the key'),
  z.union([z.number(), z.string().max(10_000), z.boolean()]),
)
export type LoggedConfig = z.infer<typeof LoggedConfigSchema>

/** The run can be resumed from its last checkpoint. */
export const RESUMABLE: readonly RunStatus[] = ['paused', 'stopped', 'failed', 'diverged', 'interrupted']

export const RunIdSchema = z.string().regex(/^[a-z0-9]{4,32}$/, 'is not a run id')

export const TagSchema = z
  .string()
  .trim()
  .min(1)
  .max(40)
  .regex(/^[^,\n]+$/, 'must not contain a comma')
/** In CSS notation, for example #3f7cac. */
export const ColourSchema = z.string().regex(/^#[0-9a-f]{6}$/, 'must be a colour such as #3f7cac')
export const NotesSchema = z.string().max(50_000)

/** The final results of a run: test metrics of its selected checkpoint. */
export const ReportedSchema = z.strictObject({
  /** Step of the selected checkpoint; null when unknown, as for runs of earlier versions. */
  step: z.int().nullable(),
  /** Number of test images evaluated; null when unknown. */
  images: z.int().nullable(),
  /** Values by metric key. */
  values: z.record(z.string(), z.number()),
})
export type Reported = z.infer<typeof ReportedSchema>

/** One row of the runs table. It is small, because every change publishes the whole row. */
export const RunSummarySchema = z.strictObject({
  id: RunIdSchema,
  name: z.string(),
  preset: z.string(),
  dataset: z.string(),
  status: RunStatusSchema,
  /** What the trainer does while starting or running: 'loading data', 'training', 'evaluating', ... */
  phase: z.string().nullable(),
  /** Why a run failed, diverged, was interrupted, or finished without its final results: a sentence for the user. */
  reason: z.string().nullable(),
  seed: z.int(),
  parameters: z.int(),
  /** Milliseconds since 1970, like the next two. These are labels: nothing subtracts them or sorts by them. */
  createdAt: z.number(),
  startedAt: z.number().nullable(),
  endedAt: z.number().nullable(),
  step: z.int(),
  /** 0 if unknown: for a run that another program logs without stating it. */
  totalSteps: z.int(),
  stepsPerEpoch: z.int().nullable(),
  /** Seconds during which a trainer worked on the run. */
  activeSeconds: z.number(),
  /** An estimate; null when unknown or not running. */
  remainingSeconds: z.number().nullable(),
  /** Latest value of each metric by key. */
  latest: z.record(z.string(), z.number().or(z.nan())),
  /** Best finite value of each metric that has one: see `readingsOf`. */
  best: z.record(z.string(), z.number()).default({}),
  /** The worst gradient check so far; null when there was none. */
  gradients: GradientCheckSchema.nullable().default(null),
  /** The final results of a finished run; null before, and when there is no test part. */
  reported: ReportedSchema.nullable().default(null),
  /** Increases with each trainer; reports of an older trainer are rejected. */
  lease: z.int(),
  parentId: RunIdSchema.nullable(),
  /** The study that created it; null for others. */
  studyId: RunIdSchema.nullable().default(null),
  /** The project that it is in; null for none. One that was removed counts as none. */
  projectId: ProjectIdSchema.nullable().default(null),
  tags: z.array(TagSchema),
  /** First line of the notes; the run's detail has the whole text. */
  note: z.string(),
  colour: ColourSchema.nullable(),
  pinned: z.boolean(),
  /** The run with which others are compared. At most one run is the baseline. */
  baseline: z.boolean(),
  /** Hidden from the table unless archived runs are shown. */
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
  /** Absent for runs of earlier versions. */
  hardware: HardwareSchema.optional(),
  /** Revision of the numerics, see `numeric/revision.ts`. Absent for runs of earlier versions. */
  numerics: z.int().optional(),
  /** The user's file that defines its architecture; absent if that is built in. */
  dynamics: OwnFileSchema.optional(),
  /** The device for which it was created: `auto`, `cpu` or the UUID of a GPU; absent if the setting decides at each start. */
  device: DeviceSchema.optional(),
  /** The configuration logged by another program; absent for all other runs. */
  logged: LoggedConfigSchema.optional(),
})
export type Environment = z.infer<typeof EnvironmentSchema>

export const CheckpointSchema = z.strictObject({
  runId: RunIdSchema,
  step: z.int(),
  /** File name in the run's checkpoint folder. */
  file: z.string(),
  kind: z.enum(['start', 'schedule', 'pause', 'stop', 'final', 'best']),
  bytes: z.int(),
  createdAt: z.number(),
  /** Metrics measured at exactly this step; earlier ones belong to other weights. */
  metrics: z.record(z.string(), z.number().or(z.nan())),
  weightsHash: z.string(),
  /** Hash of the whole content; absent in the earlier format, of which only the weights can be verified. */
  contentHash: z.string().optional(),
  /** Pinned checkpoints survive clean-ups. Absent when not pinned. */
  pinned: z.literal(true).optional(),
})
export type Checkpoint = z.infer<typeof CheckpointSchema>

/** The displayed name of each kind of checkpoint; the keys are stored. */
export const CHECKPOINT_KINDS: Readonly<Record<Checkpoint['kind'], string>> = {
  start: 'start',
  schedule: 'periodic',
  pause: 'pause',
  stop: 'stop',
  final: 'final',
  best: 'best',
}

/** Maximum number of bytes of a checkpoint per request. */
export const MAX_CHECKPOINT_STRETCH = 4 * 2 ** 20

export const ResultSchema = z.strictObject({
  /** Fraction of all test images classified correctly with the weights of the selected checkpoint. */
  testAccuracy: z.number().nullable(),
  /** Mean cross-entropy over the same images with the same weights, in nats. */
  testLoss: z.number().or(z.nan()).nullable(),
  /** Step of the selected checkpoint; null when unknown. */
  step: z.int().nullable().default(null),
  /** Number of test images evaluated; null when unknown. */
  images: z.int().nullable().default(null),
  /** Hash of the weights of the last checkpoint. */
  weightsHash: z.string(),
  /** Total time that trainers worked on the run. */
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

/** The known configuration of a run, from Retrace or from the program that logged it; null if there is none. */
export const knownConfiguration = ({ preset, config, environment }: RunDetail): object | null =>
  hasConfiguration({ preset }) ? config : (environment.logged ?? null)

export const CreateRunSchema = z.strictObject({
  preset: z.string().min(1),
  dataset: DatasetNameSchema,
  name: z.string().trim().max(200).optional(),
  overrides: RunOverridesSchema.default({}),
  /** Length in epochs; excludes overrides.steps. */
  epochs: z.number().positive().max(100_000).optional(),
  /** Initial weights: absolute path of a .safetensors file with `params/*` and `stats/*`, named as in checkpoints. */
  weights: z.string().min(1).max(4096).optional(),
  /** The device that it computes on; defaults to the setting `compute.device`. */
  device: DeviceSchema.optional(),
  /** The project that it is put into. */
  projectId: ProjectIdSchema.optional(),
  /** What it asks a cluster for; absent, it is computed here. */
  place: ResourcesSchema.optional(),
})
export type CreateRun = z.input<typeof CreateRunSchema>

/** A fork: the parent's configuration with changes, starting from the weights of one of its checkpoints. */
export const ForkRunSchema = CreateRunSchema.pick({ name: true, overrides: true, epochs: true }).extend({
  /** Step of the checkpoint; the last one by default. */
  step: z.int().min(0).optional(),
  /** Continues at twice the depth: every unit twice, half the step size, weights interpolated between the units (numeric/prolong.ts). */
  doubled: z.boolean().optional(),
})
export type ForkRun = z.input<typeof ForkRunSchema>

/** Properties that can be changed for many runs at once; absent ones stay unchanged. */
export const EditRunsSchema = z.strictObject({
  ids: z.array(RunIdSchema).min(1).max(10_000),
  addTags: z.array(TagSchema).max(32).optional(),
  removeTags: z.array(TagSchema).max(32).optional(),
  colour: ColourSchema.nullable().optional(),
  pinned: z.boolean().optional(),
  baseline: z.boolean().optional(),
  archived: z.boolean().optional(),
  /** The project that they are put into; null takes them out of theirs. */
  projectId: ProjectIdSchema.nullable().optional(),
})
export type EditRuns = z.infer<typeof EditRunsSchema>

export const BULK_ACTIONS = ['pause', 'resume', 'stop', 'retry', 'again', 'remove', 'restore', 'purge'] as const
export const BulkSchema = z.strictObject({ ids: z.array(RunIdSchema).min(1).max(10_000), action: z.enum(BULK_ACTIONS) })
export type BulkAction = (typeof BULK_ACTIONS)[number]

/** The outcome of a bulk action for one run; the others proceed regardless. */
export interface BulkResult {
  id: string
  /** Null on success, otherwise a sentence with the reason. */
  refusal: string | null
  /** The run that `again` created. */
  madeId?: string
}

/** A removed run that can still be restored. */
export interface RemovedRun {
  run: RunSummary
  /** Milliseconds since 1970. */
  removedAt: number
  /** Seconds that Retrace must be open on this home until the run and its files are deleted permanently. */
  keptSeconds: number
}
