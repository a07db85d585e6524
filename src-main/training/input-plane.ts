import type { Regions } from '../contract/regions.js'
import { latticeOver } from '../numeric/lattice.js'
import { EVALUATION_BATCH, type Executor } from './executor.js'
import { SAMPLE } from './population.js'
import type { RunData } from './run-data.js'

/** Number of lattice points in either direction, the same as in the flow of points. */
const SIZE = 41

/** Number of classes that fit in a byte. */
const MOST_CLASSES = 256

/**
 * The input plane of a two-dimensional problem, with the class that the network predicts for each point of a lattice. The trainer computes
 * it at each evaluation, rather than a window on demand, because only the trainer has the weights of every evaluation, and the results are
 * stored, so that they can be browsed after the run has ended. It is an inference pass of 1,681 points through networks with a handful of
 * channels, and reads the state like any evaluation, so that the run is not changed.
 */
export class InputPlane {
  private lattice: { extent: Regions['extent']; values: Float32Array } | null = null

  private constructor(
    private readonly executor: Executor,
    private readonly data: Pick<RunData, 'dataset' | 'sample'>,
  ) {}

  /** Null if the inputs are not points of a plane. */
  static of(executor: Executor, data: Pick<RunData, 'dataset' | 'sample'>): InputPlane | null {
    const { kind, image, classNames } = data.dataset
    const isPlane = kind === 'points' && image.height * image.width * image.channels === 2 && classNames.length <= MOST_CLASSES
    return isPlane ? new InputPlane(executor, data) : null
  }

  /** The predictions of the current weights. */
  regions(): Omit<Regions, 'runId' | 'predicted'> & { predicted: Uint8Array<ArrayBuffer> } {
    const { executor } = this
    const { extent, values } = (this.lattice ??= this.lay())
    const predicted = new Uint8Array(SIZE * SIZE)
    for (let from = 0; from < predicted.length; from += EVALUATION_BATCH) {
      const count = Math.min(EVALUATION_BATCH, predicted.length - from)
      // Only the predicted classes are used, so that the labels do not matter.
      const batch = { images: values.subarray(2 * from, 2 * (from + count)), labels: new Int32Array(count), count }
      predicted.set(Array.from(executor.evaluate(batch).predicted).slice(0, count), from)
    }
    return { step: executor.step, size: SIZE, extent, predicted }
  }

  /** Covers the training points, and is the same in every trainer of the run. */
  private lay(): { extent: Regions['extent']; values: Float32Array } {
    const { sample, dataset } = this.data
    const points = Array.from(sample(SAMPLE), ({ images, count }) => [...images.subarray(0, 2 * count)]).flat()
    const { extent, values } = latticeOver(Float32Array.from(points), SIZE)
    // In the units of the data set, because inputs are normalised.
    const own = (value: number, axis: 0 | 1): number => value * (dataset.channelDeviation[axis]! || 1) + dataset.channelMean[axis]!
    const [left, right, bottom, top] = extent
    return { extent: [own(left, 0), own(right, 0), own(bottom, 1), own(top, 1)], values }
  }
}
