import { z } from 'zod'
import { UserError } from '../../contract/errors.js'
import { LookSchema } from '../../contract/instruments.js'
import { LabEntrySchema, RunDiagnosticSchema } from '../../contract/lab.js'
import { FitImageSchema, PredictSchema } from '../../contract/predictions.js'
import { group, procedure, TaskIdSchema } from '../procedure.js'
import { ById } from '../runs/input.js'

/** Diagnostics of networks, and their results. */
export const lab = group({
  diagnostics: procedure.query(({ ctx }) => ctx.ports.lab.diagnostics()),
  run: procedure.input(RunDiagnosticSchema).mutation(({ ctx, input }) => ctx.laboratory.run(input)),
  predict: procedure.input(PredictSchema).mutation(({ ctx, input }) => ctx.laboratory.predict(input)),
  cancel: procedure.input(z.strictObject({ taskId: TaskIdSchema })).mutation(({ ctx, input }) => ctx.laboratory.cancel(input)),

  /** A query, because it changes nothing: the output of an instrument is not stored. */
  look: procedure.input(LookSchema).query(({ ctx, input }) => ctx.laboratory.look(input)),

  /** Also a query: the image becomes part of later requests to instruments. */
  fitImage: procedure.input(FitImageSchema).query(({ ctx, input }) => ctx.laboratory.fitImage(input)),

  /** The results of a run, with the sequence number of the last change that they include. */
  results: procedure.input(ById).query(({ ctx: { control, ports }, input: { id } }) => {
    control.require(id)
    return { results: ports.labResults.list(id), seq: ports.journal.last() }
  }),

  result: procedure.input(LabEntrySchema.pick({ number: true })).query(({ ctx: { ports }, input: { number } }) => {
    const found = ports.labResults.get(number)
    if (found) return found
    throw new UserError('NOT_FOUND', 'This result is not there any more: run the diagnostic again.')
  }),
})
