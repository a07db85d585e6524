import { initTRPC, tracked, TRPCError } from '@trpc/server'
import superjson from 'superjson'
import { z } from 'zod'
import { ChangesInputSchema } from './changes.js'
import { DatasetNameSchema, ImportDatasetSchema } from './datasets.js'
import { isUserError, type ErrorCode } from './errors.js'
import { CreateRunSchema, RunIdSchema } from './runs.js'
import type { Services } from './services.js'

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

const runId = z.strictObject({ id: RunIdSchema })

export const router = t.router({
  system: t.router({ info: procedure.query(({ ctx }) => ctx.services.system.info()) }),
  catalogue: t.router({
    presets: procedure.query(({ ctx }) => ctx.services.catalogue.presets()),
    architectures: procedure.query(({ ctx }) => ctx.services.catalogue.architectures()),
    preview: procedure.input(CreateRunSchema).query(({ ctx, input }) => ctx.services.catalogue.preview(input)),
  }),
  datasets: t.router({
    list: procedure.query(({ ctx }) => ctx.services.datasets.list()),
    import: procedure
      .input(ImportDatasetSchema.extend({ taskId: z.string().max(64).optional() }))
      .mutation(({ ctx, input }) => ctx.services.datasets.import(input)),
    cancelImport: procedure
      .input(z.strictObject({ taskId: z.string() }))
      .mutation(({ ctx, input }) => ctx.services.datasets.cancelImport(input.taskId)),
    verify: procedure
      .input(z.strictObject({ name: DatasetNameSchema }))
      .mutation(({ ctx, input }) => ctx.services.datasets.verify(input.name)),
    remove: procedure
      .input(z.strictObject({ name: DatasetNameSchema }))
      .mutation(({ ctx, input }) => ctx.services.datasets.remove(input.name)),
  }),
  runs: t.router({
    list: procedure.query(({ ctx }) => ctx.services.runs.list()),
    get: procedure.input(runId).query(({ ctx, input }) => ctx.services.runs.get(input.id)),
    create: procedure.input(CreateRunSchema).mutation(({ ctx, input }) => ctx.services.runs.create(input)),
    pause: procedure.input(runId).mutation(({ ctx, input }) => ctx.services.runs.pause(input.id)),
    resume: procedure.input(runId).mutation(({ ctx, input }) => ctx.services.runs.resume(input.id)),
    stop: procedure.input(runId).mutation(({ ctx, input }) => ctx.services.runs.stop(input.id)),
    fork: procedure
      .input(
        runId.extend({ step: z.int().min(0).optional(), name: z.string().max(200).optional(), overrides: CreateRunSchema.shape.overrides }),
      )
      .mutation(({ ctx, input: { id, ...request } }) => ctx.services.runs.fork(id, request)),
    rename: procedure
      .input(runId.extend({ name: z.string().trim().min(1).max(200) }))
      .mutation(({ ctx, input }) => ctx.services.runs.rename(input.id, input.name)),
    remove: procedure.input(runId).mutation(({ ctx, input }) => ctx.services.runs.remove(input.id)),
    series: procedure
      .input(runId.extend({ keys: z.array(z.string().max(200)).max(256).optional() }))
      .query(({ ctx, input }) => ctx.services.runs.series(input.id, input.keys)),
    log: procedure
      .input(runId.extend({ limit: z.int().min(1).max(10_000).default(1000) }))
      .query(({ ctx, input }) => ctx.services.runs.log(input.id, { limit: input.limit })),
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
