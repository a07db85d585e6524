import { tensor, type Tensor } from '@tensorflow/tfjs-core'
import { randomFor } from '../random.js'

/** The input of a batch over time: calling it restarts it; each call of the returned function gives the next step, owned by the caller. */
export type Train = () => () => Tensor

export interface TrainImages {
  values: Float32Array
  /** [images, ...] */
  shape: number[]
}

/** The same values in every step: an input current. */
export const constantTrain =
  ({ values, shape }: TrainImages): Train =>
  () =>
  () =>
    tensor(values, shape)

/**
 * Encodes each value p as spikes with its sign, with probability |p| / scale per step and height `scale`, so that their mean is p; values
 * beyond the scale spike in every step. The spikes of an image depend only on the seed and its index. Sengupta et al. 2019, section 2.2.
 * @param first index of the first image
 */
export const poissonTrain =
  (
    { values, shape }: TrainImages,
    { scale, seed, purpose, first }: { scale: number; seed: number; purpose: string; first: number },
  ): Train =>
  () => {
    const count = shape[0]!
    const size = values.length / count
    const streams = Array.from({ length: count }, (_, image) => randomFor(seed, purpose, first + image))
    const probabilities = values.map((value) => Math.abs(value) / scale)
    return () => {
      const spikes = new Float32Array(values.length)
      for (let image = 0; image < count; image++) {
        const { uniform } = streams[image]!
        for (let at = image * size; at < (image + 1) * size; at++)
          if (uniform() < probabilities[at]!) spikes[at] = values[at]! < 0 ? -scale : scale
      }
      return tensor(spikes, shape)
    }
  }
