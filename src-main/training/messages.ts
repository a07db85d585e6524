import { z } from 'zod'
import { RunConfigSchema } from '../contract/config.js'
import { EngineReportSchema } from '../contract/engine.js'
import { TestFiguresSchema } from '../contract/evaluations.js'
import { GradientCheckSchema } from '../contract/gradients.js'
import { HistogramsSchema } from '../contract/histograms.js'
import { OwnFileSchema } from '../contract/own-dynamics.js'
import { RegionsSchema } from '../contract/regions.js'
import { ResultSchema } from '../contract/runs.js'

/** Version of these messages: a trainer and a host of different builds refuse each other instead of guessing. */
export const PROTOCOL = 12

/** The job of a trainer, sent once after its hello. All paths are absolute. */
const JobSchema = z.strictObject({
  kind: z.literal('job'),
  protocol: z.literal(PROTOCOL),
  runId: z.string(),
  lease: z.int(),
  config: RunConfigSchema,
  /** The user's file that defined its architecture when the run was created; null if that is built in. */
  dynamics: OwnFileSchema.nullable(),
  /** Folder of the stored data set. */
  datasetFolder: z.string(),
  /** Content hash of the data set when the run was created; null if unknown. */
  datasetHash: z.string().nullable(),
  /** The run's checkpoint folder; it contains a file `lease` with the number that may write. */
  checkpointFolder: z.string(),
  /** The checkpoint from which to resume, a file in checkpointFolder; null starts at step 0. */
  resumeFrom: z.string().nullable(),
  /** Fallbacks if that one is damaged: earlier checkpoints, newest first. */
  olderCheckpoints: z.array(z.string()),
  /** Initial weights of a fork: an absolute path; only read when resumeFrom is null. */
  weightsFrom: z.string().nullable(),
  /** The step at which it pauses by itself, after everything that it does at that step; null trains to the end. */
  pauseAt: z.int().nullable(),
})
export type Job = z.infer<typeof JobSchema>

/** Host to trainer. */
export const CommandSchema = z.discriminatedUnion('kind', [
  JobSchema,
  /** Checkpoint after the current step, then exit; reported as `ended` with the same reason. */
  z.strictObject({ kind: z.literal('pause') }),
  z.strictObject({ kind: z.literal('stop') }),
  /**
   * The home was moved or removed, or its database was: writes a checkpoint into this folder, as after losing its host, then exits; null if
   * there is no folder.
   */
  z.strictObject({ kind: z.literal('homeLost'), checkpointFolder: z.string().nullable() }),
  /** Points up to this sequence number are committed, so that the trainer may forget them. */
  z.strictObject({ kind: z.literal('kept'), sequence: z.int() }),
])
export type Command = z.infer<typeof CommandSchema>

/** Trainer to host, over Node's channel with structured clone, so that typed arrays and NaN arrive unchanged. */
export const ReportSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('hello'), protocol: z.int(), pid: z.int() }),
  z.strictObject({ kind: z.literal('engine'), report: EngineReportSchema }),
  /** The current activity: 'loading data', 'preparing', 'training', 'evaluating', 'checkpoint'. */
  z.strictObject({ kind: z.literal('phase'), phase: z.string() }),
  z.strictObject({ kind: z.literal('started'), step: z.int(), totalSteps: z.int(), stepsPerEpoch: z.int() }),
  /** At most about 10 a second. `activeSeconds` is how long this trainer has worked on the run. */
  z.strictObject({
    kind: z.literal('points'),
    /** Counts from 1 in each trainer; the host answers with `kept` once they are committed. */
    sequence: z.int(),
    step: z.int(),
    activeSeconds: z.number(),
    medianStepSeconds: z.number(),
    series: z.array(
      z.strictObject({
        key: z.string(),
        steps: z.instanceof(Float64Array),
        values: z.instanceof(Float64Array),
        times: z.instanceof(Float64Array),
      }),
    ),
  }),
  z.strictObject({ kind: z.literal('log'), at: z.number(), level: z.enum(['debug', 'info', 'warn', 'error']), message: z.string() }),
  /** The worst comparison of reversed with stored gradients so far. */
  z.strictObject({ kind: z.literal('gradients'), worst: GradientCheckSchema }),
  /** The file is already in place: written, synced, renamed. */
  z.strictObject({
    kind: z.literal('checkpoint'),
    step: z.int(),
    file: z.string(),
    checkpoint: z.enum(['start', 'schedule', 'pause', 'stop', 'final', 'best']),
    bytes: z.int(),
    createdAt: z.number(),
    weightsHash: z.string(),
    contentHash: z.string().optional(),
  }),
  /** A damaged checkpoint, and the step of the one that is used instead; sent before `started`. */
  z.strictObject({ kind: z.literal('damaged'), at: z.number(), file: z.string(), reason: z.string(), goesOnFrom: z.int() }),
  /** Results of one checkpoint's weights on all test images. */
  z.strictObject({ kind: z.literal('evaluation'), file: z.string(), step: z.int(), at: z.number(), figures: TestFiguresSchema }),
  /** The predicted class of each lattice point of the input plane: `contract/regions.ts`. */
  z.strictObject({
    kind: z.literal('regions'),
    ...RegionsSchema.pick({ step: true, size: true, extent: true }).shape,
    predicted: z.instanceof(Uint8Array),
  }),
  /** Histograms of every unit: `contract/histograms.ts`. */
  z.strictObject({
    kind: z.literal('histograms'),
    ...HistogramsSchema.pick({ step: true, bins: true, parts: true }).shape,
    values: z.instanceof(Float32Array),
  }),
  /** The last message; the process then exits with status 0. */
  z.strictObject({
    kind: z.literal('ended'),
    outcome: z.enum(['finished', 'paused', 'stopped', 'interrupted', 'diverged', 'failed']),
    reason: z.string().nullable(),
    result: ResultSchema.nullable(),
  }),
])
export type Report = z.infer<typeof ReportSchema>
