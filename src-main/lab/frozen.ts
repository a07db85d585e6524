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

/** Images as a tensor [count, height, width, channels], the caller's. */
export function imageTensor({ network }: Pick<LabTarget, 'network'>, { images, count }: LabImages): Tensor {
  const { height, width, channels } = network.config.image
  return tensor(images.slice(0, count * height * width * channels), [count, height, width, channels])
}

/** Images and labels as tensors, the caller's. */
export const batchTensors = (target: Pick<LabTarget, 'network'>, given: LabImages): { images: Tensor; labels: Tensor } => ({
  images: imageTensor(target, given),
  labels: tensor(given.labels.slice(0, given.count), [given.count], 'int32'),
})

export interface Frozen {
  /** In inference, by the frozen statistics: each image goes its way without the others. */
  pass: Pass
  images: Tensor
  count: number
}

/** The same values in tensors that the scope around frees: moments are made to outlive it. */
function scoped(kept: Named): Named {
  const own = Object.fromEntries(Object.entries(kept).map(([name, value]) => [name, clone(value)]))
  release(Object.values(kept))
  return own
}

/**
 * The network with its batch norms frozen: affine maps, by the statistics of a batch or the running ones. Says in the findings which.
 * @param count training images; fewer where there are fewer
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
  /** The walk's: freed when it goes on. */
  pair: Pair
  /** The last of its stage. */
  last: boolean
}

/** The substeps of each unit, in order. */
export function unitsOf(substeps: readonly BoundSubstep[]): BoundSubstep[][] {
  const units = new Map<number, BoundSubstep[]>()
  for (const substep of substeps) units.set(substep.unitIndex, [...(units.get(substep.unitIndex) ?? []), substep])
  return [...units.values()]
}

/**
 * Goes forward unit by unit. A unit that widens is gone through without a visit, because its map leads from one space into another.
 * @param x the input images, the caller's
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

/** The pair after a unit, in tensors of which some may be those before it. */
export function through(sweep: Sweep, substeps: readonly BoundSubstep[], before: Pair): Pair {
  let pair = before
  for (const substep of substeps) {
    const next = advance(sweep, substep, pair, false)
    release(pair, [...next, ...before])
    pair = next
  }
  return pair
}

/** Units that `walk` visits. */
export const visitedUnits = ({ network }: Pick<LabTarget, 'network'>): number =>
  network.stages.reduce((sum, { units, entrance }) => sum + units - (entrance ? 1 : 0), 0)

/** Whether its units contain a norm. */
export const normalised = ({ network }: Pick<LabTarget, 'network'>): boolean => hasNormsInUnits(network)

/**
 * The statistics that held-out images are normalised by: those that the run's evaluations use, where they came with the weights and are asked
 * for, else frozen ones. Says in the findings which.
 * @param count training images for frozen ones
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

/** Options of diagnostics of held-out images. */
export const statisticsImagesOption = field(z.int().min(1).max(1000).default(100), {
  group: 'Data',
  label: 'Images for the statistics',
  unit: 'images',
  help: 'Number of training images for the batch norm statistics if the checkpoint has no re-estimated ones.',
})

/** How many of a batch are classified rightly. */
export function countRight(context: LabContext<unknown>, statistics: Named, batch: LabImages): number {
  const predicted = freeing((): Int32Array => {
    const { images } = batchTensors(context, batch)
    return infer(context.network, context.params, statistics, images).argMax(1).dataSync() as Int32Array
  })
  return predicted.reduce((sum, label, at) => sum + (label === batch.labels[at] ? 1 : 0), 0)
}
