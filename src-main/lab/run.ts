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

/** Factor by which a force is slower in eager execution than in the compiled step that was measured. */
const EAGER = 4

/** Estimated duration in seconds, from the measured speed of this machine; null if that is unknown. */
export function estimateSeconds(diagnostic: Diagnostic, target: LabTarget, options: Record<string, OptionValue>): number | null {
  const { speed } = target.machine
  if (!speed) return null
  const { passes, images } = diagnostic.work(target, options)
  const { operations, forces } = stepCost(target.network, images)
  // A training step includes the backward pass, which takes twice the time of the forward pass.
  return passes * (operations.stored / 3 / speed.operationsPerSecond + forces * speed.secondsPerForce * EAGER)
}

/** Numbers of images of the two passes used for an estimate on a machine whose speed was never measured. */
const [FEW, MORE] = [1, 8]

/** Estimated duration in seconds, from two timed forward passes of this network. */
export function timedSeconds(diagnostic: Diagnostic, context: LabContext<unknown>, options: Record<string, OptionValue>): number {
  const { network, params, statistics, data } = context
  const seconds = (count: number): number =>
    freeing(() => {
      const begin = performance.now()
      infer(network, params, statistics, imageTensor(context, data.sample(count))).dataSync()
      return (performance.now() - begin) / 1000
    })
  // The first pass also initialises what later passes reuse.
  seconds(FEW)
  const [few, more] = [seconds(FEW), seconds(MORE)]
  const each = Math.max(0, more - few) / (MORE - FEW)
  const { passes, images } = diagnostic.work(context, options)
  return passes * (Math.max(0, few - FEW * each) + images * each)
}

/** The part of a result that the diagnostic itself determines. */
export type Measured = Omit<LabResult, 'subject'>

/**
 * Runs a diagnostic and yields its progress; remaining tensors are freed, even if it is abandoned.
 * @param context with complete options, as returned by `completeOptions`
 * @throws UserError BAD_INPUT saying why it does not apply to this network
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
