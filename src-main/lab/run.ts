import { engine } from '@tensorflow/tfjs-core'
import type { OptionValue } from '../contract/config.js'
import { UserError } from '../contract/errors.js'
import { LabResultSchema, type LabResult } from '../contract/lab.js'
import { stepCost } from '../numeric/cost.js'
import { infer } from '../numeric/pass.js'
import type { Diagnostic, LabContext, LabProgress, LabTarget } from './diagnostic.js'
import { Findings } from './findings.js'
import { imageTensor } from './frozen.js'
import { freeing } from './scope.js'

/** Operation by operation a force takes so much longer than in the compiled step that was measured. */
const EAGER = 4

/** Seconds that it will take about, from the measured speed of this machine; null where that is not known. */
export function estimateSeconds(diagnostic: Diagnostic, target: LabTarget, options: Record<string, OptionValue>): number | null {
  const { speed } = target.machine
  if (!speed) return null
  const { passes, images } = diagnostic.work(target, options)
  const { operations, forces } = stepCost(target.network, images)
  // A step goes back as well, which is twice the way forward.
  return passes * (operations.stored / 3 / speed.operationsPerSecond + forces * speed.secondsPerForce * EAGER)
}

/** Images of the two passes by which an estimate is made on a machine whose speed was never measured. */
const [FEW, MORE] = [1, 8]

/** Seconds that it will take about, from two forward passes of this network that are timed now. */
export function timedSeconds(diagnostic: Diagnostic, context: LabContext<unknown>, options: Record<string, OptionValue>): number {
  const { network, params, statistics, data } = context
  const seconds = (count: number): number =>
    freeing(() => {
      const begin = performance.now()
      infer(network, params, statistics, imageTensor(context, data.sample(count))).dataSync()
      return (performance.now() - begin) / 1000
    })
  // The first pass also makes ready what later ones find ready.
  seconds(FEW)
  const [few, more] = [seconds(FEW), seconds(MORE)]
  const each = Math.max(0, more - few) / (MORE - FEW)
  const { passes, images } = diagnostic.work(context, options)
  return passes * (Math.max(0, few - FEW * each) + images * each)
}

/** What of a result the diagnostic itself knows. */
export type Measured = Omit<LabResult, 'subject'>

/**
 * Runs a diagnostic and yields how far it is; what it leaves of tensors is freed, also when it is abandoned.
 * @param context its options whole, as `completeOptions` gives them
 * @throws UserError BAD_INPUT with the sentence why it cannot be asked of this network
 */
export async function* runDiagnostic(
  diagnostic: Diagnostic,
  context: LabContext<Record<string, OptionValue>>,
): AsyncGenerator<LabProgress, Measured, void> {
  const refused = diagnostic.refuse(context, context.options)
  if (refused !== null) throw new UserError('BAD_INPUT', refused)
  const findings = new Findings(diagnostic.quantities)
  const begin = performance.now()
  const { id, title } = diagnostic
  engine().startScope(id)
  try {
    yield* diagnostic.run(context, findings)
  } finally {
    engine().endScope()
  }
  const seconds = (performance.now() - begin) / 1000
  const result: Measured = { diagnostic: id, title, options: context.options, ...findings.found, seconds }
  LabResultSchema.omit({ subject: true }).parse(result)
  return result
}
