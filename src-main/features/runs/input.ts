import { z } from 'zod'
import { RunIdSchema } from '../../contract/runs.js'

/** Input of procedures on one run. */
export const ById = z.strictObject({ id: RunIdSchema })

/** File name of a checkpoint inside its run's folder. */
export const CheckpointFileSchema = z.string().regex(/^[A-Za-z0-9._-]{1,120}$/, 'is not a checkpoint file')

/** A checkpoint by step or file name; the last one when neither is given. */
export const CheckpointChoiceSchema = z.strictObject({ step: z.int().min(0).optional(), file: CheckpointFileSchema.optional() })
export type CheckpointChoice = z.infer<typeof CheckpointChoiceSchema>
