import type { Dataset } from '../contract/datasets.js'

/** One batch before its conversion to tensors: NHWC float32, normalised; labels by class index. */
export interface HostBatch {
  images: Float32Array
  labels: Int32Array
  count: number
}

/** The data of one run, however they are prepared. */
export interface RunData {
  dataset: Dataset
  stepsPerEpoch: number
  /** Batch size: the requested one, or all images if there are fewer. */
  batch: number
  /** The batch of step k (0-based) depends only on the configuration and k. */
  next(): Promise<HostBatch & { release(): void }>
  /** Held-out images in order, without augmentation; the last batch may be smaller. `limit` 0 is all. */
  heldOut(part: 'test' | 'validation', options: { batch: number; limit: number }): Iterable<HostBatch>
  /** Full batches of training images in a fixed order, without augmentation; `limit` images at most, but at least one batch. */
  sample(limit: number): Iterable<HostBatch>
  close(): Promise<void>
}
