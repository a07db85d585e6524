import { metricInfo } from '../contract/metrics.js'
import { CHECKPOINT_KINDS, type Checkpoint, type RunResult } from '../contract/runs.js'

/** Sentences about a run's progress for its log, with numbers and units. */

/** Rounded to a few digits, because the series contain all of them. */
const few = (value: number): string =>
  value !== 0 && (Math.abs(value) < 1e-3 || Math.abs(value) >= 1e5) ? value.toExponential(2) : String(Number(value.toPrecision(4)))

/** A value with its unit; fractions as percentages. */
function shown(value: number, unit: string): string {
  if (unit === 'fraction') return `${few(value * 100)}%`
  return unit === '' ? few(value) : `${few(value)} ${unit}`
}

const seconds = (value: number): string => `${few(value)} s`
const epochOf = (step: number, stepsPerEpoch: number): string => few(step / stepsPerEpoch)

/** Metrics of single stages are left out of the log. */
const OF_STAGE = /\/stage\d+$/

/**
 * The training that starts now.
 * @param batch number of images in a step
 */
export function describeTraining({
  step,
  steps,
  stepsPerEpoch,
  batch,
}: {
  step: number
  steps: number
  stepsPerEpoch: number
  batch: number
}): string {
  return `training from step ${step} to step ${steps} (epoch ${epochOf(step, stepsPerEpoch)} to ${epochOf(steps, stepsPerEpoch)}; ${stepsPerEpoch} steps an epoch, ${batch} images a step)`
}

/**
 * The results of an evaluation.
 * @param found values by metric; companions, such as the number of images, are left out
 */
export function describeEvaluation(
  { step, stepsPerEpoch, took }: { step: number; stepsPerEpoch: number; took: number },
  found: ReadonlyMap<string, number>,
): string {
  const values = [...found].flatMap(([key, value]) => {
    const { label, unit, companion } = metricInfo(key)
    return companion || OF_STAGE.test(key) ? [] : [`${label} ${shown(value, unit)}`]
  })
  return `evaluated at step ${step} (epoch ${epochOf(step, stepsPerEpoch)}) in ${seconds(took)}: ${values.join('; ')}`
}

/** A checkpoint that was written. */
export const describeWritten = (kind: Checkpoint['kind'], step: number, { bytes, took }: { bytes: number; took: number }): string =>
  `wrote the ${CHECKPOINT_KINDS[kind]} checkpoint at step ${step}: ${few(bytes / 2 ** 20)} MiB in ${seconds(took)}`

/** The end of a run's training. */
export function describeEnd(
  outcome: string,
  step: number,
  { testAccuracy, testLoss, step: selected, images, seconds: took }: RunResult,
): string {
  const results =
    testAccuracy === null || testLoss === null
      ? ''
      : `; with the weights of step ${selected}, test accuracy ${shown(testAccuracy, 'fraction')} and test loss ${shown(testLoss, 'nats')} on ${images} images`
  return `${outcome} at step ${step} after ${seconds(took)} of work${results}`
}
