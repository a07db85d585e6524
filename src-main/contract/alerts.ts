import { z } from 'zod'
import { RunIdSchema } from './runs.js'

export const ALERT_KINDS = ['finished', 'failed', 'diverged', 'reconstruction', 'diskLow', 'diskFull', 'repaired', 'restored'] as const

/** Something that the user should hear of even when not looking. */
export const AlertSchema = z.strictObject({
  id: z.int(),
  /** Milliseconds since 1970. */
  at: z.number(),
  kind: z.enum(ALERT_KINDS),
  level: z.enum(['info', 'warn', 'error']),
  /** The run that it is about; null when it is about the whole home. */
  runId: RunIdSchema.nullable(),
  /** A sentence for people. */
  message: z.string(),
  read: z.boolean(),
})
export type Alert = z.infer<typeof AlertSchema>
