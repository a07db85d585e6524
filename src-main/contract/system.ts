import { z } from 'zod'
import { EngineReportSchema } from './engine.js'

export const SystemInfoSchema = z.strictObject({
  version: z.string(),
  home: z.string(),
  platform: z.string(),
  host: z.enum(['electron', 'server', 'cli']),
  /** Null while the engine is still being probed. */
  engine: EngineReportSchema.nullable(),
})
export type SystemInfo = z.infer<typeof SystemInfoSchema>
