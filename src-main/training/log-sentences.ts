import { metricInfo } from '../contract/metrics.js'
import { CHECKPOINT_KINDS, type Checkpoint, type RunResult } from '../contract/runs.js'

/** What the log of a run says of its work, with numbers and units. */

/** Few digits: the series have all of them. */
const few = (value: number): string =>
  value !== 0 && (Math.abs(value) < 1e-3 || Math.abs(value) >= 1e5) ? value.toExponential(2) : String(Number(value.toPrecision(4)))

/** A value with its unit; fractions in percent. */
function shown(value: number, unit: string): string {
  if (unit === 'fraction') return `${few(value * 100)}%`
  return unit === '' ? few(value) : `${few(value)} ${unit}`
}

const seconds = (value: number): string => `${few(value)} s`
const epochOf = (step: number, stepsPerEpoch: number): string => few(step / stepsPerEpoch)

/** The metrics of an evaluation that are the same for each stage stand in their largest one. */
const OF_STAGE = /\/stage\d+$/

/**
 * What is trained from here on.
 * @param batch images of a step
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
 * What an evaluation found.
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
  return `evaluated at step ${step} (epoch ${epochOf(step, stepsPerEpoch)}) in ${seconds(took)}: ${values.join(', ')}`
}

/** A checkpoint that was written. */
export const describeWritten = (kind: Checkpoint['kind'], step: number, { bytes, took }: { bytes: number; took: number }): string =>
  `wrote the ${CHECKPOINT_KINDS[kind]} checkpoint at step ${step}: ${few(bytes / 2 ** 20)} MiB in ${seconds(took)}`

/** How the work of a trainer ended. */
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
