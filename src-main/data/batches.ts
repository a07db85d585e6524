import type { RunConfig } from '../contract/config.js'
import { sameContent } from '../contract/dataset-content.js'
import type { Dataset } from '../contract/datasets.js'
import { UserError } from '../contract/errors.js'
import { UNTOUCHED } from './augment.js'
import { DirectPipeline, ThreadPipeline, type Batch, type BatchPipeline } from './pipeline.js'
import { epochOf, Normaliser, type Plan } from './prepare.js'
import { permutation, randomFor } from '../numeric/random.js'
import { splitTraining } from './split.js'
import { loadPart, readDataset, type Loaded } from './stored.js'

export type DataConfig = Pick<RunConfig, 'seed' | 'subset' | 'validation' | 'augment' | 'batch' | 'image' | 'classes'>

/** Held-out images in order, normalised, without augmentation. The arrays are reused for the next batch. */
export interface HeldOutBatch {
  /** [count, height, width, channels] */
  images: Float32Array
  labels: Int32Array
  count: number
}

/** The data of a run. */
export interface RunBatches extends BatchPipeline {
  dataset: Dataset
  stepsPerEpoch: number
  /** Number of images per step: the requested number, or all if there are fewer. */
  batch: number
  /** Number of training images, after subset and validation split. */
  trainImages: number
  /** The batch of the next step, starting at `fromStep`; each depends only on data set, configuration and step. */
  next(): Promise<Batch>
  /**
   * @param options.batch the last batch may be smaller
   * @param options.limit maximum number of images; 0 is all
   */
  heldOut(part: 'test' | 'validation', options: { batch: number; limit: number }): Iterable<HeldOutBatch>
  /**
   * Full batches of training images, at least one, in an order that depends only on the seed and without augmentation: the same ones in
   * every call.
   * @param limit maximum number of images, unless a single batch has more
   */
  sample(limit: number): Iterable<HeldOutBatch>
}

/**
 * Opens a stored data set for a run.
 * @param options.worker the built `batch-worker`, whose thread prepares the training batches; null prepares them in the calling thread
 * @throws UserError NOT_FOUND, DISK when a file is damaged, BAD_INPUT when the configuration does not fit the data, CONFLICT when the data
 *   differ from those that the run was created for
 */
export async function openBatches(options: {
  folder: string
  config: DataConfig
  fromStep: number
  worker: string | URL | null
  /** Content hash with which the run has started; null or absent if unknown. */
  content?: string | null
}): Promise<RunBatches> {
  const { folder, config, fromStep, worker, content = null } = options
  const dataset = await readDataset(folder)
  requireFit(dataset, config)
  requireContent(dataset, content)
  const train = await loadPart(folder, dataset, 'train')
  const test = await loadPart(folder, dataset, 'test')
  const split = splitTraining(train.labels, config)
  if (config.validation > 0 && !split.validation.length)
    throw new UserError(
      'BAD_INPUT',
      `validation: a fraction of ${config.validation} of the ${train.count} training images of ${dataset.name} leaves no validation images. Use a larger fraction.`,
    )
  const plan: Plan = {
    item: dataset,
    data: train,
    indices: split.train,
    seed: config.seed,
    augment: config.augment,
    ...epochOf(split.train.length, config.batch),
  }
  const pipeline = worker === null ? new DirectPipeline(plan, fromStep) : new ThreadPipeline(plan, fromStep, worker)
  return {
    dataset,
    stepsPerEpoch: plan.stepsPerEpoch,
    batch: plan.batch,
    trainImages: split.train.length,
    next: () => pipeline.next(),
    heldOut: (part, held) =>
      part === 'test' ? heldOutBatches(dataset, test, null, held) : heldOutBatches(dataset, train, split.validation, held),
    sample: (limit) => sampleBatches(dataset, train, plan, limit),
    close: () => pipeline.close(),
  }
}

/**
 * Only the test part of a stored data set, as seen by a run with this configuration.
 * @throws UserError as `openBatches`
 */
export async function openHeldOut(
  folder: string,
  config: DataConfig,
  content: string | null = null,
): Promise<{ dataset: Dataset; batches(options: { batch: number; limit: number }): Iterable<HeldOutBatch> }> {
  const dataset = await readDataset(folder)
  requireFit(dataset, config)
  requireContent(dataset, content)
  const test = await loadPart(folder, dataset, 'test')
  return { dataset, batches: (options) => heldOutBatches(dataset, test, null, options) }
}

function requireFit(dataset: Dataset, { image, classes, augment }: DataConfig): void {
  const { height, width, channels } = dataset.image
  if (image.height !== height || image.width !== width || image.channels !== channels || classes !== dataset.classNames.length)
    throw new UserError(
      'CONFLICT',
      `The data set ${dataset.name} has images of ${height}x${width}x${channels} in ${dataset.classNames.length} classes, which does not match this run. Import the original data set under this name.`,
    )
  if (dataset.kind === 'points' && (augment.pad > 0 || augment.flip))
    throw new UserError(
      'BAD_INPUT',
      `augment: points such as those of ${dataset.name} cannot be cropped or flipped. Set pad to 0 and flip to false.`,
    )
}

/** @throws UserError CONFLICT if the data set that a run was created for has been replaced by another one with the same name and shape */
function requireContent(dataset: Dataset, content: string | null): void {
  if (content === null || sameContent(dataset, content)) return
  throw new UserError(
    'CONFLICT',
    `The data set ${dataset.name} has changed since this run was created (hash ${dataset.hash}, recorded ${content}). Import the original data under this name again, or start a new run on the present data.`,
  )
}

function sampleBatches(dataset: Dataset, train: Loaded, { indices, seed, batch }: Plan, limit: number): Generator<HeldOutBatch> {
  const batches = Math.max(1, Math.floor(Math.min(limit, indices.length) / batch))
  // Not the first ones, because many data sets are stored class by class.
  const order = permutation(randomFor(seed, 'sample'), indices.length).subarray(0, batches * batch)
  return heldOutBatches(
    dataset,
    train,
    order.map((position) => indices[position]!),
    { batch, limit: 0 },
  )
}

function* heldOutBatches(
  dataset: Dataset,
  { values, labels, count: all }: Loaded,
  indices: Uint32Array | null,
  { batch, limit }: { batch: number; limit: number },
): Generator<HeldOutBatch> {
  const total = Math.min(indices?.length ?? all, limit || Infinity)
  const normaliser = new Normaliser(dataset)
  const size = Math.min(batch, total)
  const images = new Float32Array(size * normaliser.size)
  const classes = new Int32Array(size)
  for (let at = 0; at < total; at += size) {
    const count = Math.min(size, total - at)
    for (let i = 0; i < count; i++) {
      const index = indices ? indices[at + i]! : at + i
      normaliser.write(values, index, images, i, UNTOUCHED)
      classes[i] = labels[index]!
    }
    yield { images: images.subarray(0, count * normaliser.size), labels: classes.subarray(0, count), count }
  }
}
