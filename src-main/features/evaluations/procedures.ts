import { z } from 'zod'
import { UserError } from '../../contract/errors.js'
import type { WeightNorms } from '../../contract/evaluations.js'
import { MAX_CHECKPOINT_STRETCH } from '../../contract/runs.js'
import { procedure } from '../procedure.js'
import { findCheckpoint } from '../runs/find-checkpoint.js'
import { ById, CheckpointChoiceSchema, CheckpointFileSchema } from '../runs/input.js'

const ByFile = ById.extend({ file: CheckpointFileSchema })

/** Evaluations of checkpoints, and statistics of their weights. */
export const evaluations = {
  evaluate: procedure.input(ById.extend(CheckpointChoiceSchema.shape)).mutation(({ ctx, input }) => ctx.evaluations.evaluate(input)),
  cancelEvaluation: procedure.input(ByFile).mutation(({ ctx, input }) => ctx.evaluations.cancel(input)),

  /** Evaluations of a run, with the sequence number of the last change that they include. */
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

  /** Norms of the weights of a checkpoint (by default the last one) over the depth of the network. */
  weightNorms: procedure
    .input(ById.extend({ file: CheckpointFileSchema.optional() }))
    .query(async ({ ctx: { control, ports }, input: { id, file: wanted } }): Promise<WeightNorms> => {
      control.require(id)
      const { file, step } = findCheckpoint(ports, id, { file: wanted })
      return { file, step, layers: await ports.weights.norms(ports.files.checkpointPath(id, file)) }
    }),

  /** A part of the file of a checkpoint in base64, so that a browser can save it on its own machine. */
  readCheckpoint: procedure
    .input(ByFile.extend({ from: z.int().min(0), count: z.int().min(1).max(MAX_CHECKPOINT_STRETCH) }))
    .query(async ({ ctx: { control, ports }, input: { id, file, from, count } }) => {
      control.require(id)
      findCheckpoint(ports, id, { file })
      return { bytes: Buffer.from(await ports.files.readCheckpoint(id, file, from, count)).toString('base64') }
    }),
}
