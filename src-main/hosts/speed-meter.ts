import { UserError } from '../contract/errors.js'
import { keepSpeed, SpeedFiguresSchema, type MeasuredSpeed } from './speed.js'
import { runToolProcess, type ToolResult } from './tool-process.js'
import type { SpeedMeter } from '../features/runs/machine-speed.js'
import type { Awaitable } from '../features/shared/clock.js'

/** Stores the result of the tool `speed` for the estimates of this machine. @throws UserError when it is not a measurement */
export async function keepMeasured({ result }: ToolResult): Promise<MeasuredSpeed> {
  const figures = SpeedFiguresSchema.strip().safeParse(result)
  if (!figures.success) throw new UserError('INTERNAL', 'The measurement gave no usable result. Measure again while the machine is idle.')
  return keepSpeed(figures.data)
}

/**
 * Measures the speed of this machine in a process of its own, for the features.
 * @param entry absolute path of the trainer program
 * @param environment variables of a process that uses the whole machine
 */
export function createSpeedMeter(entry: string, environment: () => Awaitable<Record<string, string | undefined>>): SpeedMeter {
  return {
    async measure({ onProgress, signal }) {
      const env = { ...process.env, ...(await environment()) }
      const measured = await runToolProcess(
        { tool: 'speed', request: {} },
        { entry, env, onProgress: ({ message, fraction = null }) => onProgress(fraction, message), signal },
      )
      await keepMeasured(measured)
    },
  }
}
