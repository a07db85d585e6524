import { z } from 'zod'
import { EngineReportSchema } from './engine.js'

/** Id of the task that sets up the engine: there is one per machine, and every window follows it. */
export const SET_UP_TASK = 'engine-set-up'

export const SystemInfoSchema = z.strictObject({
  version: z.string(),
  home: z.string(),
  platform: z.string(),
  host: z.enum(['electron', 'server', 'cli']),
  /** Null while the engine is still being probed. */
  engine: EngineReportSchema.nullable(),
  /** Command that starts the workbench of this installation, for windows that outlive it. */
  startCommand: z.string(),
  /** The download size of a faster engine that can be set up. Null if it is already running, or there is none for this machine. */
  setUp: z.strictObject({ downloadBytes: z.number().min(0) }).nullable(),
})
export type SystemInfo = z.infer<typeof SystemInfoSchema>
