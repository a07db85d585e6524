import { z } from 'zod'

/** Which tfjs back end runs the arithmetic, and why that one. */
export const EngineReportSchema = z.strictObject({
  engine: z.enum(['native', 'portable']),
  device: z.enum(['cpu', 'gpu']),
  deviceName: z.string(),
  /** tfjs, TensorFlow (null for the portable engine), Node. */
  versions: z.strictObject({ tfjs: z.string(), tensorflow: z.string().nullable(), node: z.string() }),
  threads: z.int().min(1),
  /** null where oneDNN does not exist. */
  oneDNN: z.boolean().nullable(),
  /** Why this engine was chosen, one sentence. */
  reason: z.string(),
  /** What to install for the fast engine; null when it already runs. */
  remedy: z.string().nullable(),
})
export type EngineReport = z.infer<typeof EngineReportSchema>
