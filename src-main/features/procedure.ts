import { initTRPC, TRPCError } from '@trpc/server'
import superjson from 'superjson'
import { z } from 'zod'
import { isUserError, type ErrorCode } from '../contract/errors.js'
import type { Subscriptions } from '../contract/subscriptions.js'
import type { WritePath } from '../contract/writing.js'
import type { Features } from './open.js'

/** The tRPC context of every call. */
export interface CallContext {
  /** The features of the home. A call waits while the home is being reopened. */
  features(): Promise<Features>
  /** Resolves a path to which this caller may write. Every procedure that writes to a path of its caller asks for it here. */
  writePath: WritePath
  /** Aborts when the connection of the caller closes. */
  subscriptions: Subscriptions
}

const TRPC_CODE: Record<ErrorCode, TRPCError['code']> = {
  BAD_INPUT: 'BAD_REQUEST',
  NOT_FOUND: 'NOT_FOUND',
  CONFLICT: 'CONFLICT',
  UNAVAILABLE: 'PRECONDITION_FAILED',
  DISK: 'PRECONDITION_FAILED',
  INTERNAL: 'INTERNAL_SERVER_ERROR',
}

/** One sentence for a refused input that names each wrong field and what is wrong with it. */
function describeInputError(error: z.ZodError): string {
  const issues = error.issues.map(({ path, message }) => (path.length ? `${path.join('.')}: ${message}` : message))
  return `Invalid request: ${issues.slice(0, 5).join('; ')}${issues.length > 5 ? `; and ${issues.length - 5} more` : ''}.`
}

const t = initTRPC.context<CallContext>().create({
  transformer: superjson,
  errorFormatter: ({ shape, error }) => ({
    ...shape,
    message: error.cause instanceof z.ZodError ? describeInputError(error.cause) : shape.message,
    data: { ...shape.data, stack: undefined, userCode: isUserError(error.cause) ? error.cause.code : null },
  }),
})

/** Joins procedures under one name. */
export const group = t.router

/** A procedure that passes errors for users to the caller unchanged. */
export const explained = t.procedure.use(async ({ next }) => {
  const result = await next()
  if (!result.ok && isUserError(result.error.cause)) {
    const { code, message } = result.error.cause
    throw new TRPCError({ code: TRPC_CODE[code], message, cause: result.error.cause })
  }
  return result
})

/**
 * The procedure that every procedure of a feature starts from. Its context holds the features of the home.
 *
 * A change is confirmed only while the home is the one that the host opened. That is checked before the change and again after it, because
 * a change that takes time may have been stored nowhere.
 */
export const procedure = explained.use(async ({ ctx, type, next }) => {
  const features = await ctx.features()
  if (type !== 'mutation') return next({ ctx: features })
  features.ports.home?.require()
  const result = await next({ ctx: features })
  if (result.ok) features.ports.home?.require()
  return result
})

/** Path of a file on the machine that holds the home. */
export const PathSchema = z.string().min(1).max(4096)
/** Whether an existing file may be replaced. */
export const OverwriteSchema = z.boolean().default(false)
/** Id under which a caller follows the progress of long work. */
export const TaskIdSchema = z.string().max(64)
