import { z } from 'zod'
import { group, procedure, TaskIdSchema } from '../procedure.js'

/** The examples that come with the program. */
export const examples = group({
  /** All examples, whether or not this home has them. */
  list: procedure.query(({ ctx }) => ctx.ports.examples.list()),
  open: procedure.input(z.strictObject({ taskId: TaskIdSchema.optional() })).mutation(({ ctx, input }) => ctx.examples.open(input)),
  cancel: procedure.input(z.strictObject({ taskId: TaskIdSchema })).mutation(({ ctx, input }) => ctx.examples.cancel(input)),
  remove: procedure.mutation(({ ctx }) => ctx.examples.remove()),
})
