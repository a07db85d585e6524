import type { Dataset } from '../contract/datasets.js'

/** One batch on its way into tensors: NHWC float32, normalised; labels by index of class. */
export interface HostBatch {
  images: Float32Array
  labels: Int32Array
  count: number
}

/** The data of one run, whatever prepares it. */
export interface RunData {
  dataset: Dataset
  stepsPerEpoch: number
  /** Images of each step: those that are asked for, or all where there are fewer. */
  batch: number
  /** The batch of step k (0-based) is a function of configuration and k alone. */
  next(): Promise<HostBatch & { release(): void }>
  /** Held-out images in order, without augmentation; the last batch may be smaller. `limit` 0 is all. */
  heldOut(part: 'test' | 'validation', options: { batch: number; limit: number }): Iterable<HostBatch>
  /** Full batches of training images in a fixed order, without augmentation; `limit` images at most, but at least one batch. */
  sample(limit: number): Iterable<HostBatch>
  close(): Promise<void>
}
