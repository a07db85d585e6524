import { z } from 'zod'
import { LoggedEndSchema, LoggedHeadSchema, LoggedMessageSchema, LoggedValuesSchema } from '../../../contract/logged-runs.js'
import { group, procedure } from '../../procedure.js'
import { ById } from '../input.js'

/** Maximum number of values and messages per call. */
const MOST_PARTS = 10_000

/** Logging of runs by other programs over HTTP (docs/logging.md); the alternative is files, see `LogReader`. */
export const logging = group({
  /** Begins a run. @returns its row, with its `id` */
  begin: procedure.input(LoggedHeadSchema).mutation(({ ctx, input }) => ctx.logged.begin(input)),

  /**
   * Adds values and messages, in their order. @returns the number of values that were dropped because their series has already passed their
   * step
   */
  add: procedure
    .input(
      ById.extend({
        parts: z
          .array(z.union([LoggedValuesSchema, LoggedMessageSchema]))
          .min(1)
          .max(MOST_PARTS),
      }),
    )
    .mutation(({ ctx, input: { id, parts } }) => ({ ignored: ctx.logged.add(id, parts).ignored })),

  end: procedure.input(ById.extend(LoggedEndSchema.shape)).mutation(({ ctx, input: { id, ...end } }) => ctx.logged.end(id, end)),
})
