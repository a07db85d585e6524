import { TestFiguresSchema } from '../contract/evaluations.js'
import type { Awaitable, Evaluator } from '../experiments/ports.js'
import { runToolProcess } from './tool-process.js'

/**
 * Evaluations of checkpoints, as the experiments want them.
 * @param entry absolute path of the trainer's program
 * @param environment variables of a process that takes one of several parts of the machine
 */
export function createEvaluator(
  entry: string,
  environment: (share: { slot: number; slots: number }) => Awaitable<Record<string, string | undefined>>,
): Evaluator {
  return {
    async evaluate({ checkpoint, datasetFolder, beside, onProgress, signal }) {
      const env = { ...process.env, ...(await environment({ slot: beside, slots: beside + 1 })) }
      const { result } = await runToolProcess(
        { tool: 'evaluate', request: { checkpoint, datasetFolder } },
        { entry, env, onProgress: ({ message, fraction = null }) => onProgress(fraction, message), signal },
      )
      return TestFiguresSchema.strip().parse(result)
    },
  }
}
