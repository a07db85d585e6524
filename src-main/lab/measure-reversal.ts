import { slice, tidy, type Tensor } from '@tensorflow/tfjs-core'
import { MANTISSA_BITS } from '../contract/instruments.js'
import type { RunConfig } from '../contract/config.js'
import { stateBytes } from '../numeric/describe.js'
import { compareGradients, hasVanished, type ParameterError } from '../numeric/gradient-error.js'
import { lossAndGradients, type Batch, type LossOptions } from '../numeric/loss-and-gradients.js'
import { hasNormsInUnits, type Network } from '../numeric/network.js'
import { reconstructionErrors, type ReconstructionOptions } from '../numeric/reconstruction.js'
import { release, type Named, type Pair } from '../numeric/tensors.js'
import type { LabTarget } from './diagnostic.js'
import { hasStepSize } from '../numeric/network.js'
import { disposeNamed, roundedPair, variantNetwork, type Variant } from './variant.js'

/** Parameters of a network that are changed to find out when its inversion fails. */
export interface ReversalSetting {
  /** Factor of the step size. */
  hFactor: number
  /** Number of consecutive applications of each unit. */
  repeat: number
  /** Number of stored mantissa bits of the kept states. */
  mantissaBits: number
}

/** Distance of the reconstructed state that enters a unit from the original one. */
export interface UnitError {
  /** Indices from 0; the unit within its stage. */
  stage: number
  unit: number
  /** Relative; the largest of the unit's substeps. Null if the state is stored. */
  error: number | null
  entry: 'rebuilt' | 'evaluated again' | 'kept'
}

/** The reconstruction errors of the states that enter the units, in order. */
function errorsByUnit(network: Network, errors: readonly Tensor[]): UnitError[] {
  return network.stages.flatMap(({ substeps, entrance }, stage) => {
    // From the last substep to the first.
    const found = [...errors[stage]!.dataSync()].reverse()
    const units = new Map<number, number>()
    substeps.forEach(({ unitIndex }, at) => {
      const [before, error] = [units.get(unitIndex) ?? 0, found[at]!]
      // NaN counts as the largest.
      units.set(unitIndex, Number.isNaN(before) || before > error ? before : error)
    })
    const kept: UnitError[] = entrance ? [{ stage, unit: 0, error: null, entry: 'kept' }] : []
    const rebuilt = [...units].map(([unit, error]): UnitError => {
      return { stage, unit, error, entry: unit === 0 && stage > 0 ? 'evaluated again' : 'rebuilt' }
    })
    return [...kept, ...rebuilt]
  })
}

export const isRebuilt = ({ error }: UnitError): boolean => error !== null
const within = (error: number | null, tolerance: number): boolean => error === null || error <= tolerance

/** The first unit that exceeds the tolerance in the inverse pass, which starts with the last stage. */
export const firstBroken = (units: readonly UnitError[], tolerance: number): UnitError | undefined =>
  units.findLast(({ error }) => !within(error, tolerance))

/** The largest error, with NaN larger than any other. */
export const worstOf = (errors: readonly number[]): number | null =>
  errors.length ? errors.reduce((worst, error) => (Number.isNaN(worst) || worst > error ? worst : error)) : null

/** Bytes of the states of the largest stage, all of which are alive at once. */
function heldBytes(network: Network, images: number): number {
  const bytes = stateBytes(network, images)
  return Math.max(
    ...network.stages.map(({ substeps }, index) => (bytes[index]! / network.dynamics.channelMultiple) * (substeps.length + 2)),
  )
}

/** Fraction of the machine's memory that the states of a stage may take. */
const MEMORY_SHARE = 0.5

/** Why the inversion of this network cannot be measured with this setting, as a sentence; null if it can. */
export const refuseReversal = (target: LabTarget, setting: ReversalSetting, images: number): string | null =>
  target.network.dynamics.reversible
    ? refuseVariant(target, setting, images)
    : `${target.network.dynamics.label} is not reversible, so its units cannot be inverted. Choose a reversible architecture.`

/** Why this network cannot be changed in this way and evaluated, as a sentence; null if it can. */
export function refuseVariant(target: LabTarget, { hFactor, repeat }: ReversalSetting, images: number): string | null {
  const { network, machine } = target
  if (hFactor !== 1 && !hasStepSize(network)) return `${network.dynamics.label} has no step size; leave hFactor at 1.`
  const bytes = heldBytes(variantNetwork(target, hFactor, repeat), images)
  if (bytes > MEMORY_SHARE * machine.memoryBytes)
    return `The states of a stage would take ${(bytes / 2 ** 30).toFixed(1)} GiB. Use fewer images or repetitions.`
  return null
}

/** How the end of a stage is stored with this number of bits; nothing if all are kept. */
const keeping = (bits: number): { keep?(pair: Pair): Pair } => (bits === MANTISSA_BITS ? {} : { keep: (pair) => roundedPair(pair, bits) })

/**
 * Passes forward through every stage with all states stored, and back again from its rounded end.
 * @returns the errors of the states that enter the units, in order through all stages
 */
export function measureStates(
  { network, params, statistics }: Variant,
  images: Tensor,
  { mantissaBits, ...how }: Pick<ReversalSetting, 'mantissaBits'> & Pick<ReconstructionOptions, 'running' | 'end' | 'visit'>,
): UnitError[] {
  const errors = reconstructionErrors(network, params, statistics, images, 0, { ...how, ...keeping(mantissaBits) })
  const found = errorsByUnit(network, errors)
  release(errors)
  return found
}

const valuesOf = (named: Named): Record<string, ArrayLike<number>> =>
  Object.fromEntries(Object.entries(named).map(([name, tensor]) => [name, tensor.dataSync()]))

/**
 * Compares the gradients of reversed and stored backpropagation, parameter by parameter; batch norm uses the batch statistics, as in
 * training.
 * @returns null if the stored gradients vanish before the classifier although the loss is not zero
 */
export function measureGradients(
  { network, params, statistics }: Variant,
  batch: Batch,
  { mantissaBits, labelSmoothing }: Pick<ReversalSetting, 'mantissaBits'> & Pick<LossOptions, 'labelSmoothing'>,
): ParameterError[] | null {
  const of = (how: Omit<LossOptions, 'labelSmoothing'>): { loss: number; values: Record<string, ArrayLike<number>> } => {
    const result = lossAndGradients({ network, params, statistics }, batch, { labelSmoothing, ...how })
    const [loss, values] = [result.crossEntropy.dataSync()[0]!, valuesOf(result.gradients)]
    disposeNamed({ ...result.gradients, ...result.statistics, logits: result.logits, loss: result.crossEntropy })
    return { loss, values }
  }
  const { loss, values: stored } = of({ mode: 'stored' })
  return hasVanished(loss, stored) ? null : compareGradients(of({ mode: 'reversible', ...keeping(mantissaBits) }).values, stored)
}

/** The message if `measureGradients` has nothing to compare. */
export const VANISHED =
  'The stored gradients vanish before the classifier although the loss is not zero, so there is nothing to compare with.'

/** The largest gradient error of a unit's parameters; null if it has none. */
export const gradientErrorOf = (gradients: readonly ParameterError[], { stage, unit }: Pick<UnitError, 'stage' | 'unit'>): number | null =>
  worstOf(gradients.filter(({ parameter }) => parameter.startsWith(`stage${stage + 1}/unit${unit + 1}/`)).map(({ error }) => error))

/** Which statistics batch norm used, if there is batch norm. */
export const statisticsNotes = ({ statistics }: Network, running: boolean): string[] =>
  statistics.length === 0
    ? []
    : [
        running
          ? 'States use the running statistics of batch norm; gradients always use the statistics of these images, as in training.'
          : 'Batch norm uses the mean and variance of these images, as in training.',
      ]

/** Sentences on which form was inverted, for networks that need an approximation. */
export function formNotes(
  network: Network,
  { hFactor, repeat, anchorEvery }: Omit<ReversalSetting, 'mantissaBits'> & Pick<RunConfig, 'anchorEvery'>,
): string[] {
  const notes: string[] = []
  if (hasNormsInUnits(network) && network.config.unitNorm === 'batch' && (hFactor !== 1 || repeat !== 1))
    notes.push('Unit 1 of stage 1 keeps its own form: no norm on its input, h = 1, and no repetition.')
  if (network.stages.some(({ entrance }) => entrance))
    notes.push('Units that widen store their input, so it is not reconstructed, and are not repeated.')
  if (anchorEvery !== 0)
    notes.push('This configuration anchors states during training; here all states are reconstructed from the end of each stage.')
  return notes
}

/** The displayed part of a state: values row by row. */
export interface StateChannel {
  values: Float32Array
  height: number
  width: number
}

/** One channel of the first state of a pair, as passed on by the pair; for a vector all coordinates, in one row. */
export function channelOf({ dynamics }: Network, pair: Pair, channel: number): StateChannel {
  const taken = tidy((): Tensor => {
    const state = dynamics.close(pair)
    if (state.rank !== 4) return slice(state, [0, 0], [1, state.shape[1]!])
    const [, height, width, channels] = state.shape as [number, number, number, number]
    return slice(state, [0, 0, 0, Math.min(channel, channels - 1)], [1, height, width, 1])
  })
  const [height, width] = taken.rank === 4 ? (taken.shape.slice(1, 3) as [number, number]) : [1, taken.shape[1]!]
  const values = taken.dataSync<'float32'>().slice()
  taken.dispose()
  return { values, height, width }
}

/** Evenly spaced indices below `count`, including both ends. */
export function evenly(count: number, wanted: number): number[] {
  const most = Math.min(count, wanted)
  return Array.from({ length: most }, (_, at) => Math.round((at * (count - 1)) / Math.max(1, most - 1)))
}
