import { z } from 'zod'
import { UserError } from '../../contract/errors.js'
import type { WeightNorms } from '../../contract/evaluations.js'
import { MAX_CHECKPOINT_STRETCH } from '../../contract/runs.js'
import { procedure } from '../procedure.js'
import { findCheckpoint } from '../runs/find-checkpoint.js'
import { ById, CheckpointChoiceSchema, CheckpointFileSchema } from '../runs/input.js'

const ByFile = ById.extend({ file: CheckpointFileSchema })

/** What checkpoints of runs are worth: evaluations of their weights, and a look inside. */
export const evaluations = {
  evaluate: procedure.input(ById.extend(CheckpointChoiceSchema.shape)).mutation(({ ctx, input }) => ctx.evaluations.evaluate(input)),
  cancelEvaluation: procedure.input(ByFile).mutation(({ ctx, input }) => ctx.evaluations.cancel(input)),

  /** Those of this run, and the sequence number up to which that is true. */
  evaluations: procedure.input(ById).query(({ ctx: { control, ports }, input: { id } }) => {
    control.require(id)
    return { evaluations: ports.evaluations.list(id), seq: ports.journal.last() }
  }),

  evaluation: procedure.input(ByFile).query(({ ctx: { control, ports }, input: { id, file } }) => {
    control.require(id)
    const found = ports.evaluations.get(id, file)
    if (found) return found
    throw new UserError('NOT_FOUND', `The checkpoint ${file} of run ${id} has not been evaluated. Evaluate it first.`)
  }),

  /** Norms of a checkpoint's weights (the last by default) over the depth of the network. */
  weightNorms: procedure
    .input(ById.extend({ file: CheckpointFileSchema.optional() }))
    .query(async ({ ctx: { control, ports }, input: { id, file: wanted } }): Promise<WeightNorms> => {
      control.require(id)
      const { file, step } = findCheckpoint(ports, id, { file: wanted })
      return { file, step, layers: await ports.weights.norms(ports.files.checkpointPath(id, file)) }
    }),

  /** A stretch of a checkpoint's file in base64, so that a window can save it wherever it runs. */
  readCheckpoint: procedure
    .input(ByFile.extend({ from: z.int().min(0), count: z.int().min(1).max(MAX_CHECKPOINT_STRETCH) }))
    .query(async ({ ctx: { control, ports }, input: { id, file, from, count } }) => {
      control.require(id)
      findCheckpoint(ports, id, { file })
      return { bytes: Buffer.from(await ports.files.readCheckpoint(id, file, from, count)).toString('base64') }
    }),
}
