import { z } from 'zod'
import { StartStudySchema, StudyIdSchema } from '../../contract/studies.js'
import { group, procedure } from '../procedure.js'

const ById = z.strictObject({ id: StudyIdSchema })

/** Studies, and the templates from which they are started. */
export const studies = group({
  templates: procedure.query(({ ctx }) => ctx.ports.templates.list()),
  /** Newest first, with the sequence number of the last change that they include. */
  list: procedure.query(({ ctx: { ports } }) => ({ studies: ports.studies.list(), seq: ports.journal.last() })),
  preview: procedure.input(StartStudySchema).query(({ ctx, input }) => ctx.studies.preview(input)),
  start: procedure.input(StartStudySchema).mutation(({ ctx, input }) => ctx.studies.begin(input)),
  /** With its cells and a report of the results so far. */
  get: procedure.input(ById).query(({ ctx, input }) => ctx.studies.detail(input.id)),
  pause: procedure.input(ById).mutation(({ ctx, input }) => ctx.studies.pause(input.id)),
  resume: procedure.input(ById).mutation(({ ctx, input }) => ctx.studies.resume(input.id)),
  rename: procedure
    .input(ById.extend({ name: z.string().trim().min(1).max(200) }))
    .mutation(({ ctx, input }) => ctx.studies.rename(input.id, input.name)),
  /** Its runs are kept. */
  remove: procedure.input(ById).mutation(({ ctx, input }) => ctx.studies.remove(input.id)),
})
