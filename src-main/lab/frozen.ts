import { clone, slice, tensor, tidy, type Tensor } from '@tensorflow/tfjs-core'
import { z } from 'zod'
import { field } from '../contract/config.js'
import { batchMoments } from '../numeric/batch-moments.js'
import { hasNormsInUnits } from '../numeric/network.js'
import { closeStage, infer, openStage, stageSweep, stem, type Pass } from '../numeric/pass.js'
import { advance, type BoundSubstep, type Sweep } from '../numeric/reversible-sweep.js'
import { release, type Named, type Pair } from '../numeric/tensors.js'
import type { LabContext, LabData, LabImages, LabTarget } from './diagnostic.js'
import type { Findings } from './findings.js'
import { freeing } from './scope.js'

export const imagesOption = (standard: number, most: number, help: string) =>
  field(z.int().min(1).max(most).default(standard), { group: 'Data', label: 'Images', unit: 'images', help })

/** Images as a tensor [count, height, width, channels], owned by the caller. */
export function imageTensor({ network }: Pick<LabTarget, 'network'>, { images, count }: LabImages): Tensor {
  const { height, width, channels } = network.config.image
  return tensor(images.slice(0, count * height * width * channels), [count, height, width, channels])
}

/** Images and labels as tensors, owned by the caller. */
export const batchTensors = (target: Pick<LabTarget, 'network'>, given: LabImages): { images: Tensor; labels: Tensor } => ({
  images: imageTensor(target, given),
  labels: tensor(given.labels.slice(0, given.count), [given.count], 'int32'),
})

export interface Frozen {
  /** An inference pass with the frozen statistics: images do not affect each other. */
  pass: Pass
  images: Tensor
  count: number
}

/** Copies of the values that the surrounding scope frees, because moments are created to outlive it. */
function scoped(kept: Named): Named {
  const own = Object.fromEntries(Object.entries(kept).map(([name, value]) => [name, clone(value)]))
  release(Object.values(kept))
  return own
}

/**
 * The network with its batch norms frozen to affine maps, with the statistics of a batch or the running ones. Notes the choice in the
 * findings.
 * @param count number of training images; fewer if there are fewer
 */
export function freeze(
  context: Pick<LabContext<{ statistics: 'batch' | 'running' }>, 'network' | 'params' | 'statistics' | 'options'> & {
    data: Pick<LabData, 'sample'>
  },
  count: number,
  findings: Pick<Findings, 'note'>,
): Frozen {
  const { network, params, statistics: running, data, options } = context
  const sample = data.sample(count)
  const images = imageTensor(context, sample)
  const ofBatch = options.statistics === 'batch' && network.statistics.length > 0
  const statistics = ofBatch ? scoped(batchMoments(network, params, running, images)) : running
  if (network.statistics.length > 0)
    findings.note(
      ofBatch
        ? `Batch norm uses the fixed mean and variance of ${sample.count} training images.`
        : 'Batch norm uses the running statistics of training.',
    )
  if (ofBatch && hasNormsInUnits(network) && network.dynamics.widening === 'between' && network.stages.length > 1)
    findings.note('Channels padded between stages have zero variance, so batch norm multiplies perturbations in them by 1/√1e-5 = 316.')
  return { pass: { network, params, statistics, training: false, moved: new Map() }, images, count: sample.count }
}

/** One image of a frozen batch, [1, height, width, channels]. */
export const oneImage = ({ images }: Frozen, index = 0): Tensor =>
  tidy(() => slice(images, [index, 0, 0, 0], [1, ...(images.shape.slice(1) as [number, number, number])]))

/** One unit with the pair that enters it. */
export interface VisitedUnit {
  /** Indices from 0. */
  stage: number
  unit: number
  /** Index through all stages. */
  depth: number
  substeps: readonly BoundSubstep[]
  sweep: Sweep
  /** Owned by the walk, which frees it when it continues. */
  pair: Pair
  /** Whether it is the last of its stage. */
  last: boolean
}

/** The substeps of each unit, in order. */
export function unitsOf(substeps: readonly BoundSubstep[]): BoundSubstep[][] {
  const units = new Map<number, BoundSubstep[]>()
  for (const substep of substeps) units.set(substep.unitIndex, [...(units.get(substep.unitIndex) ?? []), substep])
  return [...units.values()]
}

/**
 * Walks forward unit by unit. Transition units are passed without a visit, because they map between different spaces.
 * @param x the input images, owned by the caller
 */
export function* walk(pass: Pass, x: Tensor): Generator<VisitedUnit, void, void> {
  let state = tidy(() => stem(pass, x, false))
  let depth = 0
  for (const [index, stage] of pass.network.stages.entries()) {
    const sweep = stageSweep(pass, stage)
    let pair = openStage(pass, index, state)
    if (stage.entrance) depth++
    const units = unitsOf(stage.substeps)
    for (const [at, substeps] of units.entries()) {
      yield { stage: index, unit: substeps[0]!.unitIndex, depth: depth++, substeps, sweep, pair, last: at === units.length - 1 }
      const after = through(sweep, substeps, pair)
      release(pair, after)
      pair = after
    }
    state = closeStage(pass, pair)
  }
  release([state])
}

/** The pair after a unit, whose tensors may partly be those before it. */
export function through(sweep: Sweep, substeps: readonly BoundSubstep[], before: Pair): Pair {
  let pair = before
  for (const substep of substeps) {
    const next = advance(sweep, substep, pair, false)
    release(pair, [...next, ...before])
    pair = next
  }
  return pair
}

/** Number of units that `walk` visits. */
export const visitedUnits = ({ network }: Pick<LabTarget, 'network'>): number =>
  network.stages.reduce((sum, { units, entrance }) => sum + units - (entrance ? 1 : 0), 0)

/** Whether its units contain a norm. */
export const normalised = ({ network }: Pick<LabTarget, 'network'>): boolean => hasNormsInUnits(network)

/**
 * The statistics for held-out images: those of the run's evaluations, if they are stored with the weights and requested, otherwise frozen
 * ones. Notes the choice in the findings.
 * @param count number of training images for frozen ones
 */
export function heldOutStatistics(
  context: LabContext<{ statistics: 'batch' | 'running' }>,
  count: number,
  findings: Pick<Findings, 'note'>,
): Named {
  const { population, options, network } = context
  if (!population || options.statistics !== 'batch') return freeze(context, count, findings).pass.statistics
  if (network.statistics.length > 0)
    findings.note('Batch norm uses the re-estimated statistics of the checkpoint, as the run’s evaluations do.')
  return population
}

/** The option of diagnostics on held-out images. */
export const statisticsImagesOption = field(z.int().min(1).max(1000).default(100), {
  group: 'Data',
  label: 'Images for the statistics',
  unit: 'images',
  help: 'Number of training images for the batch norm statistics if the checkpoint has no re-estimated ones.',
})

/** Number of images of a batch that are classified correctly. */
export function countRight(context: LabContext<unknown>, statistics: Named, batch: LabImages): number {
  const predicted = freeing((): Int32Array => {
    const { images } = batchTensors(context, batch)
    return infer(context.network, context.params, statistics, images).argMax(1).dataSync() as Int32Array
  })
  return predicted.reduce((sum, label, at) => sum + (label === batch.labels[at] ? 1 : 0), 0)
}
