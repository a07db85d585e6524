import type { Dataset } from '../contract/datasets.js'
import type { RunConfig } from '../contract/config.js'
import { stepsInEpoch } from '../contract/epoch.js'
import { permutation, randomFor } from '../numeric/random.js'
import { randomCrop, UNTOUCHED, writeImage, type Crop } from './augment.js'
import { valuesPerItem } from './shape.js'
import type { Loaded } from './stored.js'

type Item = Pick<Dataset, 'kind' | 'image' | 'channelMean' | 'channelDeviation'>

/** Everything that determines a batch; plain data over shared memory, so that a worker thread receives it without a copy. */
export interface Plan extends Pick<RunConfig, 'seed' | 'augment'> {
  item: Item
  data: Pick<Loaded, 'values' | 'labels'>
  /** Indices of the training images. */
  indices: Uint32Array
  /** Number of images in one batch. */
  batch: number
  stepsPerEpoch: number
}

/**
 * An epoch has as many full batches as the images allow, at least one; the remaining images are left out of it, different ones in each
 * epoch, because every epoch has its own order. With fewer images than the batch size, a batch contains all of them.
 */
export function epochOf(images: number, wanted: number): Pick<Plan, 'batch' | 'stepsPerEpoch'> {
  return { batch: Math.min(wanted, images), stepsPerEpoch: stepsInEpoch(images, wanted) }
}

/** Writes normalised items [.., height, width, channels] float32 into batches. */
export class Normaliser {
  readonly size: number
  private readonly table: Float32Array
  private readonly scale: { mean: number; factor: number }[]

  constructor(private readonly item: Item) {
    this.size = valuesPerItem(item)
    // A channel without variation stays at zero instead of being divided by it.
    this.scale = item.channelMean.map((mean, c) => ({ mean, factor: 1 / (item.channelDeviation[c]! || 1) }))
    this.table = Float32Array.from({ length: 256 * item.image.channels }, (_, i) => {
      const { mean, factor } = this.scale[i >> 8]!
      return ((i & 255) / 255 - mean) * factor
    })
  }

  /** Writes item `index` of the values as item `at` of the batch. */
  write(values: Uint8Array | Float32Array, index: number, out: Float32Array, at: number, crop: Crop): void {
    if (values instanceof Uint8Array) {
      writeImage(values, index * this.size, this.table, out, at * this.size, this.item.image, crop)
      return
    }
    for (let i = 0; i < this.size; i++) {
      const { mean, factor } = this.scale[i % this.scale.length]!
      out[at * this.size + i] = (values[index * this.size + i]! - mean) * factor
    }
  }
}

/** Prepares the batch of any step: it depends only on the plan and the step, not on what was prepared before. */
export class Preparer {
  private readonly normaliser: Normaliser
  private order: { epoch: number; positions: Uint32Array } | null = null

  constructor(private readonly plan: Plan) {
    this.normaliser = new Normaliser(plan.item)
  }

  /** Number of images in one batch. */
  get size(): number {
    return this.plan.batch * this.normaliser.size
  }

  /**
   * @param step from 0
   * @param images [batch, height, width, channels]
   * @param labels [batch]
   */
  prepare(step: number, images: Float32Array, labels: Int32Array): void {
    const { plan, normaliser } = this
    const positions = this.orderOf(Math.floor(step / plan.stepsPerEpoch))
    const start = (step % plan.stepsPerEpoch) * plan.batch
    const augmented = plan.augment.pad > 0 || plan.augment.flip
    const random = randomFor(plan.seed, 'augment', step)
    for (let i = 0; i < plan.batch; i++) {
      const index = plan.indices[positions[start + i]!]!
      normaliser.write(plan.data.values, index, images, i, augmented ? randomCrop(random, plan.augment) : UNTOUCHED)
      labels[i] = plan.data.labels[index]!
    }
  }

  private orderOf(epoch: number): Uint32Array {
    if (this.order?.epoch !== epoch)
      this.order = { epoch, positions: permutation(randomFor(this.plan.seed, 'order', epoch), this.plan.indices.length) }
    return this.order.positions
  }
}
