import { TestFiguresSchema } from '../contract/evaluations.js'
import { runToolProcess } from './tool-process.js'
import type { Evaluator } from '../features/evaluations/evaluations.js'
import type { Awaitable } from '../features/shared/clock.js'

/**
 * Evaluates checkpoints for the features.
 * @param entry absolute path of the trainer program
 * @param environment variables of a process that uses one of several shares of the machine
 */
export function createEvaluator(
  entry: string,
  environment: (share: { slot: number; slots: number }) => Awaitable<Record<string, string | undefined>>,
): Evaluator {
  return {
    async evaluate({ checkpoint, datasetFolder, datasetHash, beside, onProgress, signal }) {
      const env = { ...process.env, ...(await environment({ slot: beside, slots: beside + 1 })) }
      const { result } = await runToolProcess(
        { tool: 'evaluate', request: { checkpoint, datasetFolder, datasetHash } },
        { entry, env, onProgress: ({ message, fraction = null }) => onProgress(fraction, message), signal },
      )
      return TestFiguresSchema.strip().parse(result)
    },
  }
}
