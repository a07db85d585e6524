import { z } from 'zod'

/** Message to the set-up process: its order, once. */
export const SetUpOrderSchema = z.strictObject({ offline: z.string().nullable() })
export type SetUpOrder = z.infer<typeof SetUpOrderSchema>

/** Messages from the set-up process: its progress, and one final message. */
export const SetUpNewsSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('progress'), progress: z.number().nullable(), message: z.string() }),
  z.strictObject({ kind: z.literal('done') }),
  /** An error that the user can fix, with cause and remedy. */
  z.strictObject({ kind: z.literal('failed'), message: z.string() }),
])
export type SetUpNews = z.infer<typeof SetUpNewsSchema>
