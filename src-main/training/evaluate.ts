import { dispose, tensor, tidy } from '@tensorflow/tfjs-core'
import { evaluateBatch } from '../numeric/metrics.js'
import type { Network } from '../numeric/network.js'
import { reconstructionErrors } from '../numeric/reconstruction.js'
import type { TrainingState } from '../numeric/state.js'
import type { HostBatch } from './run-data.js'

export interface Evaluation {
  /** Fraction of correct predictions. */
  accuracy: number
  /** Mean cross-entropy, nats. */
  loss: number
}

/** Accuracy and loss over batches in inference; null where there is no image. */
export function evaluate(network: Network, state: TrainingState, batches: Iterable<HostBatch>): Evaluation | null {
  let [correct, loss, count] = [0, 0, 0]
  for (const batch of batches) {
    const images = imageTensor(network, batch)
    const labels = tensor(batch.labels.slice(0, batch.count), [batch.count], 'int32')
    const sums = evaluateBatch(network, state.params, state.statistics, images, labels)
    correct += sums.correct.dataSync()[0]!
    loss += sums.loss.dataSync()[0]!
    count += batch.count
    dispose([images, labels, sums.correct, sums.loss])
  }
  return count === 0 ? null : { accuracy: correct / count, loss: loss / count }
}

/** Images on which reconstruction is measured: every state of a stage is alive at once, so few. */
const RECONSTRUCTION_IMAGES = 8

/** Relative reconstruction error of each stage on the first images of a batch. */
export function measureReconstruction(network: Network, state: TrainingState, batch: HostBatch, anchorEvery: number): number[] {
  const count = Math.min(RECONSTRUCTION_IMAGES, batch.count)
  const size = batch.images.length / batch.count
  const images = tidy(() => imageTensor(network, { images: batch.images.subarray(0, count * size), labels: batch.labels, count }))
  const errors = reconstructionErrors(network, state.params, state.statistics, images, anchorEvery)
  images.dispose()
  return errors
}

/** [count, height, width, channels] */
export function imageTensor({ config }: Network, { images, count }: HostBatch): ReturnType<typeof tensor> {
  const { height, width, channels } = config.image
  // A copy: the buffer belongs to the pipeline, which fills it again while TensorFlow may still read a tensor backed by it.
  return tensor(images.slice(0, count * height * width * channels), [count, height, width, channels])
}
