import type { Regions } from '../contract/regions.js'
import { latticeOver } from '../numeric/lattice.js'
import { EVALUATION_BATCH, type Executor } from './executor.js'
import { SAMPLE } from './population.js'
import type { RunData } from './run-data.js'

/** Points of the lattice either way: as many as the flow of points has. */
const SIZE = 41

/** Classes that a byte tells apart. */
const MOST_CLASSES = 256

/**
 * The input plane of a two-dimensional problem, with the class that the network predicts for each point of a lattice. The trainer computes
 * it at each evaluation, and not a window that looks: only there are the weights of every evaluation, and the pictures are stored, so that
 * one can go back through them when the run has ended. It is a pass of 1,681 points in inference, of networks that have a handful of
 * channels, and reads the state like any evaluation, so that nothing of the run changes.
 */
export class InputPlane {
  private lattice: { extent: Regions['extent']; values: Float32Array } | null = null

  private constructor(
    private readonly executor: Executor,
    private readonly data: Pick<RunData, 'dataset' | 'sample'>,
  ) {}

  /** Null where the inputs are no points of a plane. */
  static of(executor: Executor, data: Pick<RunData, 'dataset' | 'sample'>): InputPlane | null {
    const { kind, image, classNames } = data.dataset
    const isPlane = kind === 'points' && image.height * image.width * image.channels === 2 && classNames.length <= MOST_CLASSES
    return isPlane ? new InputPlane(executor, data) : null
  }

  /** What the weights predict as they are. */
  regions(): Omit<Regions, 'runId' | 'predicted'> & { predicted: Uint8Array<ArrayBuffer> } {
    const { executor } = this
    const { extent, values } = (this.lattice ??= this.lay())
    const predicted = new Uint8Array(SIZE * SIZE)
    for (let from = 0; from < predicted.length; from += EVALUATION_BATCH) {
      const count = Math.min(EVALUATION_BATCH, predicted.length - from)
      // The classes are what is asked for, so that it does not matter that the labels are none.
      const batch = { images: values.subarray(2 * from, 2 * (from + count)), labels: new Int32Array(count), count }
      predicted.set(Array.from(executor.evaluate(batch).predicted).slice(0, count), from)
    }
    return { step: executor.step, size: SIZE, extent, predicted }
  }

  /** Over training points, the same ones in every trainer of the run. */
  private lay(): { extent: Regions['extent']; values: Float32Array } {
    const { sample, dataset } = this.data
    const points = Array.from(sample(SAMPLE), ({ images, count }) => [...images.subarray(0, 2 * count)]).flat()
    const { extent, values } = latticeOver(Float32Array.from(points), SIZE)
    // As the data set has them: inputs are normalised.
    const own = (value: number, axis: 0 | 1): number => value * (dataset.channelDeviation[axis]! || 1) + dataset.channelMean[axis]!
    const [left, right, bottom, top] = extent
    return { extent: [own(left, 0), own(right, 0), own(bottom, 1), own(top, 1)], values }
  }
}
