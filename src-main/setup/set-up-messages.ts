import { z } from 'zod'

/** To the process that sets up: its order, once. */
export const SetUpOrderSchema = z.strictObject({ offline: z.string().nullable() })
export type SetUpOrder = z.infer<typeof SetUpOrderSchema>

/** From it: how far it is, and one last message. */
export const SetUpNewsSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('progress'), progress: z.number().nullable(), message: z.string() }),
  z.strictObject({ kind: z.literal('done') }),
  /** What the user can mend: why, and how. */
  z.strictObject({ kind: z.literal('failed'), message: z.string() }),
])
export type SetUpNews = z.infer<typeof SetUpNewsSchema>
