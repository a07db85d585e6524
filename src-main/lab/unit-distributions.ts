import type { DistributionKind } from '../contract/histograms.js'
import { lossAndGradients, type LossOptions } from '../numeric/loss-and-gradients.js'
import type { LabContext, LabData, LabProgress } from './diagnostic.js'
import type { Findings } from './findings.js'
import { joined } from './flat.js'
import { batchTensors, freeze, walk } from './frozen.js'
import { absoluteQuantile, histogram, type Histogram } from './histogram.js'
import { disposeNamed } from './variant.js'

export interface DistributionSubject extends Pick<LabContext<unknown>, 'network' | 'params' | 'statistics'> {
  data: Pick<LabData, 'sample'>
  options: {
    bins: number
    /** Number of training images for gradients and activations. */
    images: number
    statistics: 'batch' | 'running'
  }
  /** How gradients are computed. */
  loss: Pick<LossOptions, 'mode' | 'labelSmoothing' | 'anchorEvery' | 'keptUnits'>
}

/** A unit: its stage and index within it, and its index among all units, counted from 1. */
interface Place {
  stage: number
  unit: number
  depth: number
}

interface OfUnit extends Place {
  values: Float32Array
}

/** One kind over all units that have it: histograms with common bins. */
export interface Distribution {
  kind: DistributionKind
  /** Largest absolute value with a bin. */
  most: number
  units: (Place & Histogram)[]
}

/** Fraction of the values within the outermost bins. */
const COVERED = 0.999

/** Maximum number of values over all units that determine the bins. */
const MOST_SAMPLED = 500_000

/**
 * Histograms of weights, gradients of the mean cross-entropy and activations by unit: the single definition for both the diagnostic and the
 * histograms that runs collect. One unit is kept at a time, and gradients only while they are counted, so that memory use does not grow
 * with depth if `loss` reconstructs activations.
 * @param kinds in the order of the result
 */
export function* distributionsOf(
  subject: DistributionSubject,
  kinds: readonly DistributionKind[],
  findings: Pick<Findings, 'note' | 'warn'>,
): Generator<LabProgress, Distribution[], void> {
  const { network, params, data, loss, options } = subject
  const found: Distribution[] = []
  const count = (kind: DistributionKind, units: () => Iterable<OfUnit>): void => {
    const distribution = distributionOf(kind, units, subject)
    if (distribution.units.length > 0) found.push(distribution)
    const lost = distribution.units.reduce((sum, { notFinite }) => sum + notFinite, 0)
    if (lost > 0) findings.warn(`${lost} values of the ${kind} are NaN or infinite and are not counted in any bin.`)
  }
  const frozen = kinds.some((kind) => kind !== 'weights') ? freeze(subject, options.images, findings) : null
  for (const [at, kind] of kinds.entries()) {
    yield { message: kind, fraction: at / kinds.length }
    if (kind === 'weights') count(kind, () => byUnit(subject, (name) => params[name]!.dataSync<'float32'>()))
    if (kind === 'activations' && frozen) count(kind, () => activations(subject, frozen))
    if (kind === 'gradients' && frozen) {
      const result = lossAndGradients(
        { network, params, statistics: frozen.pass.statistics },
        batchTensors(subject, data.sample(options.images)),
        { ...loss, frozen: true },
      )
      count(kind, () => byUnit(subject, (name) => result.gradients[name]!.dataSync<'float32'>()))
      disposeNamed({ ...result.gradients, ...result.statistics, logits: result.logits, loss: result.crossEntropy })
    }
  }
  return found
}

/** Determines the bins from a sample of all units, then counts unit by unit, so that the values of all units never exist at once. */
function distributionOf(
  kind: DistributionKind,
  units: () => Iterable<OfUnit>,
  { network, options: { bins } }: Pick<DistributionSubject, 'network' | 'options'>,
): Distribution {
  const all = network.stages.reduce((sum, stage) => sum + stage.units, 0)
  const most = absoluteQuantile(
    Array.from(units(), ({ values }) => thinned(values, MOST_SAMPLED / all)),
    COVERED,
  )
  return { kind, most, units: Array.from(units(), ({ values, ...place }) => ({ ...place, ...histogram(values, bins, most) })) }
}

/** The values of all parameters of each unit. */
function* byUnit({ network }: Pick<DistributionSubject, 'network'>, valuesOf: (name: string) => Float32Array): Generator<OfUnit> {
  const units = new Map<string, { place: Place; names: string[] }>()
  for (const { name } of network.parameters) {
    const [, stage, unit] = /^stage(\d+)\/unit(\d+)\//.exec(name) ?? []
    if (stage === undefined) continue
    const key = `${stage}/${unit}`
    const known = units.get(key) ?? { place: placeOf(network, Number(stage), Number(unit)), names: [] }
    known.names.push(name)
    units.set(key, known)
  }
  for (const { place, names } of units.values()) yield { ...place, values: joined(names.map(valuesOf), Float32Array) }
}

/** Both parts of the state that enters each unit. A transition unit has no entering state of its own kind, and is left out. */
function* activations({ network }: Pick<DistributionSubject, 'network'>, { pass, images }: ReturnType<typeof freeze>): Generator<OfUnit> {
  for (const { stage, unit, pair } of walk(pass, images))
    yield {
      ...placeOf(network, stage + 1, unit + 1),
      values: joined(
        pair.map((state) => state.dataSync<'float32'>()),
        Float32Array,
      ),
    }
}

const placeOf = ({ stages }: DistributionSubject['network'], stage: number, unit: number): Place => ({
  stage,
  unit,
  depth: stages.slice(0, stage - 1).reduce((sum, { units }) => sum + units, 0) + unit,
})

/** About the given number of values, evenly spaced. The stride is odd, so that it does not select the same channels at every position. */
const thinned = (values: Float32Array, count: number): Float32Array => {
  const stride = Math.ceil(values.length / Math.max(1, count)) | 1
  return stride === 1 ? values.slice() : Float32Array.from({ length: Math.ceil(values.length / stride) }, (_, at) => values[at * stride]!)
}
