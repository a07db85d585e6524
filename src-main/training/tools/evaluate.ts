import { UserError } from '../../contract/errors.js'
import type { EvaluateRequest } from '../../contract/tools.js'
import { openHeldOut } from '../../data/batches.js'
import { EVALUATION_BATCH } from '../executor.js'
import { openExecutor } from '../open-executor.js'
import { Tally } from '../tally.js'
import type { ToolProgress, ToolResult } from '../tool-result.js'
import { readEvaluatedWeights } from './evaluated-weights.js'

/** Evaluates the weights of a checkpoint on all test images, with the same executor as the run's own evaluations. */
export async function evaluateCheckpoint(
  { checkpoint, datasetFolder, datasetHash = null }: EvaluateRequest,
  progress: ToolProgress,
): Promise<ToolResult> {
  progress('reading the checkpoint')
  const { config, network, state, statistics } = await readEvaluatedWeights(checkpoint)
  const { dataset, batches } = await openHeldOut(datasetFolder, config, datasetHash)
  const total = dataset.counts.test
  if (total === 0)
    throw new UserError(
      'BAD_INPUT',
      `The data set ${dataset.name} has no test images to evaluate these weights on. Import it with a test part.`,
    )
  const executor = openExecutor(network, config, state, {
    anchorEvery: 0,
    keptUnits: [],
    log: () => undefined,
    onPhase: (phase) => progress(phase),
    passes: ['evaluate'],
  })
  if (statistics) executor.evaluateWith(statistics)
  const tally = new Tally(config.classes)
  let seen = 0
  for (const batch of batches({ batch: EVALUATION_BATCH, limit: 0 })) {
    tally.add(batch, executor.evaluate(batch))
    seen += batch.count
    progress(`${seen} of ${total} test images`, seen / total)
    // Lets the report leave, and a disconnection be noticed.
    await new Promise((resolve) => setImmediate(resolve))
  }
  const figures = tally.figures!
  const text = [
    `test accuracy ${(figures.accuracy * 100).toFixed(2)}% (${figures.images} images), test loss ${figures.loss.toPrecision(4)}`,
  ]
  return { ok: true, text, result: { ...figures } }
}
