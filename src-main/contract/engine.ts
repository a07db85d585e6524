import { z } from 'zod'

/** Which tfjs backend runs the arithmetic, and why. */
export const EngineReportSchema = z.strictObject({
  engine: z.enum(['native', 'portable']),
  device: z.enum(['cpu', 'gpu']),
  deviceName: z.string(),
  /** tfjs, TensorFlow (null for the portable engine), Node. */
  versions: z.strictObject({ tfjs: z.string(), tensorflow: z.string().nullable(), node: z.string() }),
  threads: z.int().min(1),
  /** Null when oneDNN does not exist. */
  oneDNN: z.boolean().nullable(),
  /** Why this engine was chosen, in one sentence. */
  reason: z.string(),
  /** What to install to get the fast engine; null when it is already running. */
  remedy: z.string().nullable(),
})
export type EngineReport = z.infer<typeof EngineReportSchema>
