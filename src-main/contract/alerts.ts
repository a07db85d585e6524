import { z } from 'zod'
import { RunIdSchema } from './runs.js'

export const ALERT_KINDS = [
  'finished',
  'failed',
  'diverged',
  'reconstruction',
  'gradients',
  'diskLow',
  'diskFull',
  'homeLost',
  'repaired',
  'restored',
  'rights',
  'logging',
] as const

/** An event that the user should be notified of. */
export const AlertSchema = z.strictObject({
  id: z.int(),
  /** Milliseconds since 1970. */
  at: z.number(),
  kind: z.enum(ALERT_KINDS),
  level: z.enum(['info', 'warn', 'error']),
  /** The run concerned; null when it concerns the whole home. */
  runId: RunIdSchema.nullable(),
  /** A sentence for the user. */
  message: z.string(),
  read: z.boolean(),
})
export type Alert = z.infer<typeof AlertSchema>
