import { initTRPC, tracked, TRPCError } from '@trpc/server'
import superjson from 'superjson'
import { z } from 'zod'
import { ChangesInputSchema } from './changes.js'
import { ComparisonIdSchema, SaveComparisonSchema } from './comparisons.js'
import {
  AugmentedRequestSchema,
  ChosenRequestSchema,
  ImagesRequestSchema,
  PointsRequestSchema,
  SplitRequestSchema,
} from './dataset-views.js'
import { DatasetNameSchema, ImportDatasetSchema, MakeDatasetSchema } from './datasets.js'
import { isUserError, type ErrorCode } from './errors.js'
import { MAX_STRETCH } from './metrics.js'
import { RunViewIdSchema, SaveRunViewSchema } from './run-views.js'
import { BulkSchema, CreateRunSchema, EditRunsSchema, ForkRunSchema, MAX_CHECKPOINT_STRETCH, NotesSchema, RunIdSchema } from './runs.js'
import type { Services } from './services.js'
import { SettingsPatchSchema } from './settings.js'
import { CleanupSchema } from './storage.js'

export interface RouterContext {
  services: Services
}

const TRPC_CODE: Record<ErrorCode, TRPCError['code']> = {
  BAD_INPUT: 'BAD_REQUEST',
  NOT_FOUND: 'NOT_FOUND',
  CONFLICT: 'CONFLICT',
  UNAVAILABLE: 'PRECONDITION_FAILED',
  DISK: 'PRECONDITION_FAILED',
  INTERNAL: 'INTERNAL_SERVER_ERROR',
}

/** One sentence for a refused input: which fields, and what is wrong with each. */
function describeInputError(error: z.ZodError): string {
  const issues = error.issues.map(({ path, message }) => (path.length ? `${path.join('.')}: ${message}` : message))
  return `The request was refused: ${issues.slice(0, 5).join('; ')}${issues.length > 5 ? `; and ${issues.length - 5} more` : ''}.`
}

const t = initTRPC.context<RouterContext>().create({
  transformer: superjson,
  errorFormatter: ({ shape, error }) => ({
    ...shape,
    message: error.cause instanceof z.ZodError ? describeInputError(error.cause) : shape.message,
    data: { ...shape.data, stack: undefined, userCode: isUserError(error.cause) ? error.cause.code : null },
  }),
})

const procedure = t.procedure.use(async ({ next }) => {
  const result = await next()
  if (!result.ok && isUserError(result.error.cause)) {
    const { code, message } = result.error.cause
    throw new TRPCError({ code: TRPC_CODE[code], message, cause: result.error.cause })
  }
  return result
})

/** Of a file on the machine that holds the home. */
const PathSchema = z.string().min(1).max(4096)

const runId = z.strictObject({ id: RunIdSchema })
const checkpointFile = z.string().regex(/^[A-Za-z0-9._-]{1,120}$/, 'not a checkpoint')

export const router = t.router({
  system: t.router({ info: procedure.query(({ ctx }) => ctx.services.system.info()) }),
  catalogue: t.router({
    presets: procedure.query(({ ctx }) => ctx.services.catalogue.presets()),
    architectures: procedure.query(({ ctx }) => ctx.services.catalogue.architectures()),
    preview: procedure.input(CreateRunSchema).query(({ ctx, input }) => ctx.services.catalogue.preview(input)),
    measureSpeed: procedure.mutation(({ ctx }) => ctx.services.catalogue.measureSpeed()),
    cancelMeasurement: procedure.mutation(({ ctx }) => ctx.services.catalogue.cancelMeasurement()),
  }),
  datasets: t.router({
    list: procedure.query(({ ctx }) => ctx.services.datasets.list()),
    import: procedure
      .input(ImportDatasetSchema.extend({ taskId: z.string().max(64).optional() }))
      .mutation(({ ctx, input }) => ctx.services.datasets.import(input)),
    estimate: procedure.input(ImportDatasetSchema).query(({ ctx, input }) => ctx.services.datasets.estimate(input)),
    kinds: procedure.query(({ ctx }) => ctx.services.datasets.kinds()),
    make: procedure.input(MakeDatasetSchema).mutation(({ ctx, input }) => ctx.services.datasets.make(input)),
    rename: procedure
      .input(z.strictObject({ name: DatasetNameSchema, to: DatasetNameSchema }))
      .mutation(({ ctx, input }) => ctx.services.datasets.rename(input.name, input.to)),
    classCounts: procedure
      .input(z.strictObject({ name: DatasetNameSchema }))
      .query(({ ctx, input }) => ctx.services.datasets.classCounts(input.name)),
    images: procedure.input(ImagesRequestSchema).query(({ ctx, input }) => ctx.services.datasets.images(input)),
    chosen: procedure.input(ChosenRequestSchema).query(({ ctx, input }) => ctx.services.datasets.chosen(input)),
    points: procedure.input(PointsRequestSchema).query(({ ctx, input }) => ctx.services.datasets.points(input)),
    augmented: procedure.input(AugmentedRequestSchema).query(({ ctx, input }) => ctx.services.datasets.augmented(input)),
    split: procedure.input(SplitRequestSchema).query(({ ctx, input }) => ctx.services.datasets.split(input)),
    cancelTask: procedure
      .input(z.strictObject({ taskId: z.string() }))
      .mutation(({ ctx, input }) => ctx.services.datasets.cancelTask(input.taskId)),
    verify: procedure
      .input(z.strictObject({ name: DatasetNameSchema, taskId: z.string().max(64).optional() }))
      .mutation(({ ctx, input }) => ctx.services.datasets.verify(input)),
    remove: procedure
      .input(z.strictObject({ name: DatasetNameSchema }))
      .mutation(({ ctx, input }) => ctx.services.datasets.remove(input.name)),
  }),
  runs: t.router({
    list: procedure.query(({ ctx }) => ctx.services.runs.list()),
    table: procedure.query(({ ctx }) => ctx.services.runs.table()),
    configs: procedure
      .input(z.strictObject({ ids: z.array(RunIdSchema).max(10_000).optional() }))
      .query(({ ctx, input }) => ctx.services.runs.configs(input.ids)),
    get: procedure.input(runId).query(({ ctx, input }) => ctx.services.runs.get(input.id)),
    create: procedure.input(CreateRunSchema).mutation(({ ctx, input }) => ctx.services.runs.create(input)),
    createSeveral: procedure
      .input(
        z.strictObject({
          request: CreateRunSchema,
          seeds: z.array(CreateRunSchema.shape.overrides.unwrap().shape.seed.unwrap()).min(1).max(1000),
        }),
      )
      .mutation(({ ctx, input }) => ctx.services.runs.createSeveral(input.request, input.seeds)),
    again: procedure.input(runId).mutation(({ ctx, input }) => ctx.services.runs.again(input.id)),
    retry: procedure.input(runId).mutation(({ ctx, input }) => ctx.services.runs.retry(input.id)),
    move: procedure
      .input(z.strictObject({ ids: z.array(RunIdSchema).min(1).max(10_000), position: z.int().min(0) }))
      .mutation(({ ctx, input }) => ctx.services.runs.move(input.ids, input.position)),
    pause: procedure.input(runId).mutation(({ ctx, input }) => ctx.services.runs.pause(input.id)),
    resume: procedure.input(runId).mutation(({ ctx, input }) => ctx.services.runs.resume(input.id)),
    stop: procedure.input(runId).mutation(({ ctx, input }) => ctx.services.runs.stop(input.id)),
    fork: procedure
      .input(runId.extend(ForkRunSchema.shape))
      .mutation(({ ctx, input: { id, ...request } }) => ctx.services.runs.fork(id, request)),
    previewFork: procedure
      .input(runId.extend(ForkRunSchema.pick({ overrides: true, epochs: true }).shape))
      .query(({ ctx, input: { id, ...changes } }) => ctx.services.runs.previewFork(id, changes)),
    exportWeights: procedure
      .input(runId.extend({ step: z.int().min(0).optional(), path: z.string().min(1).max(4096) }))
      .mutation(({ ctx, input: { id, ...request } }) => ctx.services.runs.exportWeights(id, request)),
    readCheckpoint: procedure
      .input(runId.extend({ file: checkpointFile, from: z.int().min(0), count: z.int().min(1).max(MAX_CHECKPOINT_STRETCH) }))
      .query(({ ctx, input: { id, ...request } }) => ctx.services.runs.readCheckpoint(id, request)),
    weightNorms: procedure
      .input(runId.extend({ file: checkpointFile.optional() }))
      .query(({ ctx, input: { id, ...request } }) => ctx.services.runs.weightNorms(id, request)),
    evaluate: procedure
      .input(runId.extend({ step: z.int().min(0).optional(), file: checkpointFile.optional() }))
      .mutation(({ ctx, input: { id, ...request } }) => ctx.services.runs.evaluate(id, request)),
    cancelEvaluation: procedure
      .input(runId.extend({ file: checkpointFile }))
      .mutation(({ ctx, input }) => ctx.services.runs.cancelEvaluation(input.id, input.file)),
    evaluations: procedure.input(runId).query(({ ctx, input }) => ctx.services.runs.evaluations(input.id)),
    evaluation: procedure
      .input(runId.extend({ file: checkpointFile }))
      .query(({ ctx, input }) => ctx.services.runs.evaluation(input.id, input.file)),
    rename: procedure
      .input(runId.extend({ name: z.string().trim().min(1).max(200) }))
      .mutation(({ ctx, input }) => ctx.services.runs.rename(input.id, input.name)),
    edit: procedure.input(EditRunsSchema).mutation(({ ctx, input }) => ctx.services.runs.edit(input)),
    setNotes: procedure
      .input(runId.extend({ notes: NotesSchema }))
      .mutation(({ ctx, input }) => ctx.services.runs.setNotes(input.id, input.notes)),
    pinCheckpoint: procedure
      .input(runId.extend({ step: z.int().min(0).optional(), file: checkpointFile.optional(), pinned: z.boolean() }))
      .mutation(({ ctx, input: { id, ...request } }) => ctx.services.runs.pinCheckpoint(id, request)),
    remove: procedure.input(runId).mutation(({ ctx, input }) => ctx.services.runs.remove(input.id)),
    restore: procedure.input(runId).mutation(({ ctx, input }) => ctx.services.runs.restore(input.id)),
    purge: procedure.input(runId).mutation(({ ctx, input }) => ctx.services.runs.purge(input.id)),
    removed: procedure.query(({ ctx }) => ctx.services.runs.removed()),
    bulk: procedure.input(BulkSchema).mutation(({ ctx, input }) => ctx.services.runs.bulk(input.ids, input.action)),
    series: procedure
      .input(runId.extend({ keys: z.array(z.string().max(200)).max(256).optional() }))
      .query(({ ctx, input }) => ctx.services.runs.series(input.id, input.keys)),
    exportFile: procedure
      .input(runId.extend({ path: PathSchema, format: z.enum(['archive', 'tensorboard']) }))
      .mutation(({ ctx, input: { id, ...request } }) => ctx.services.runs.exportFile(id, request)),
    importFile: procedure
      .input(z.strictObject({ path: PathSchema }))
      .mutation(({ ctx, input }) => ctx.services.runs.importFile(input.path)),
    overview: procedure.input(runId).query(({ ctx, input }) => ctx.services.runs.overview(input.id)),
    stretch: procedure
      .input(runId.extend({ key: z.string().max(200), start: z.int().min(0), limit: z.int().min(1).max(MAX_STRETCH) }))
      .query(({ ctx, input: { id, ...request } }) => ctx.services.runs.stretch(id, request)),
    log: procedure
      .input(runId.extend({ limit: z.int().min(1).max(10_000).default(1000) }))
      .query(({ ctx, input }) => ctx.services.runs.log(input.id, { limit: input.limit })),
  }),
  alerts: t.router({
    list: procedure.query(({ ctx }) => ctx.services.alerts.list()),
    markRead: procedure
      .input(z.strictObject({ upTo: z.int().min(0) }))
      .mutation(({ ctx, input }) => ctx.services.alerts.markRead(input.upTo)),
  }),
  storage: t.router({
    usage: procedure.query(({ ctx }) => ctx.services.storage.usage()),
    clean: procedure.input(CleanupSchema).mutation(({ ctx, input }) => ctx.services.storage.clean(input)),
    check: procedure
      .input(z.strictObject({ deep: z.boolean().default(false) }))
      .mutation(({ ctx, input }) => ctx.services.storage.check(input.deep)),
    backup: procedure
      .input(z.strictObject({ file: z.string().min(1).max(4096), taskId: z.string().max(64).optional() }))
      .mutation(({ ctx, input }) => ctx.services.storage.backup(input)),
    cancelBackup: procedure
      .input(z.strictObject({ taskId: z.string() }))
      .mutation(({ ctx, input }) => ctx.services.storage.cancelBackup(input.taskId)),
    inspectBackup: procedure
      .input(z.strictObject({ file: z.string().min(1).max(4096) }))
      .query(({ ctx, input }) => ctx.services.storage.inspectBackup(input.file)),
    restore: procedure
      .input(z.strictObject({ file: z.string().min(1).max(4096), taskId: z.string().max(64).optional() }))
      .mutation(({ ctx, input }) => ctx.services.storage.restore(input)),
    lastRepair: procedure.query(({ ctx }) => ctx.services.storage.lastRepair()),
  }),
  settings: t.router({
    get: procedure.query(({ ctx }) => ctx.services.settings.get()),
    update: procedure.input(SettingsPatchSchema).mutation(({ ctx, input }) => ctx.services.settings.update(input)),
  }),
  comparisons: t.router({
    list: procedure.query(({ ctx }) => ctx.services.comparisons.list()),
    save: procedure.input(SaveComparisonSchema).mutation(({ ctx, input }) => ctx.services.comparisons.save(input)),
    remove: procedure
      .input(z.strictObject({ id: ComparisonIdSchema }))
      .mutation(({ ctx, input }) => ctx.services.comparisons.remove(input.id)),
    restore: procedure
      .input(z.strictObject({ id: ComparisonIdSchema }))
      .mutation(({ ctx, input }) => ctx.services.comparisons.restore(input.id)),
    removed: procedure.query(({ ctx }) => ctx.services.comparisons.removed()),
  }),
  runViews: t.router({
    list: procedure.query(({ ctx }) => ctx.services.runViews.list()),
    save: procedure.input(SaveRunViewSchema).mutation(({ ctx, input }) => ctx.services.runViews.save(input)),
    remove: procedure.input(z.strictObject({ id: RunViewIdSchema })).mutation(({ ctx, input }) => ctx.services.runViews.remove(input.id)),
    restore: procedure.input(z.strictObject({ id: RunViewIdSchema })).mutation(({ ctx, input }) => ctx.services.runViews.restore(input.id)),
  }),
  changes: procedure.input(ChangesInputSchema).subscription(async function* ({ ctx, input, signal }) {
    const controller = new AbortController()
    const stream = ctx.services.changes.subscribe({
      since: input.lastEventId ?? null,
      detailOf: input.detailOf,
      signal: signal ?? controller.signal,
    })
    for await (const { seq, change } of stream) yield tracked(String(seq), change)
  }),
})

export type AppRouter = typeof router
