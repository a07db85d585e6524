import { dispose, scalar, tensor, type Tensor } from '@tensorflow/tfjs-core'
import type { RunConfig } from '../contract/config.js'
import type { Batch } from '../numeric/loss-and-gradients.js'
import { evaluateBatch, type EvaluationBatch } from '../numeric/metrics.js'
import type { Network } from '../numeric/network.js'
import { reconstructionErrors } from '../numeric/reconstruction.js'
import { stateTensors, type TrainingState } from '../numeric/state.js'
import { trainStep, type StepInputs } from '../numeric/train-step.js'
import type { HostBatch } from './run-data.js'

export interface StepScalars {
  /** Mean cross-entropy, nats. */
  loss: number
  /** With penalties. */
  total: number
  gradientNorm: number
}

export interface BatchEvaluation {
  /** Sums over the images of the batch; the loss in nats. */
  correct: number
  loss: number
  /** Of each image: the class that it was taken for, and the probability that the network gave it. */
  predicted: ArrayLike<number>
  confidence: ArrayLike<number>
}

/** What may change while a run goes on: how much the backward pass keeps. */
export interface KeepOptions {
  /** Keep the pair before every k-th unit; 0 keeps none. */
  anchorEvery: number
  /** So many first units of each stage keep their activations. */
  keptUnits: readonly number[]
}

/** Carries out what a run computes. Both kinds evaluate the same functions of `numeric`. */
export interface Executor {
  /** Updates made so far. */
  readonly step: number
  /** One update of parameters, slots and running statistics. */
  train(batch: HostBatch, learningRate: number): StepScalars
  /** Of a batch of at most EVALUATION_BATCH images. */
  evaluate(batch: HostBatch): BatchEvaluation
  /** Relative errors of rebuilt states by stage, on the first images of a batch, if every k-th unit were anchored. */
  reconstruct(batch: HostBatch, anchorEvery: number): number[]
  /** Reads the state; its tensors are gone afterwards. */
  read<T>(use: (state: TrainingState) => T): T
  /** Lets the state be changed. */
  change(change: (state: TrainingState) => void): void
  /** From now on keeps other states than before. */
  keep(options: KeepOptions): void
  dispose(): void
}

/** Images evaluated together; smaller batches are filled up, so that one graph serves all. */
export const EVALUATION_BATCH = 250

/** Images on which reconstruction is measured: every state of a stage is alive at once, so few. */
const RECONSTRUCTION_IMAGES = 8

export const reconstructionImages = ({ batch }: Pick<RunConfig, 'batch'>): number => Math.min(RECONSTRUCTION_IMAGES, batch)

/** The inputs of each function that an executor runs, as tensors that the caller disposes of. */
export const feeds = {
  train(network: Network, batch: HostBatch, learningRate: number, update: number): Batch & StepInputs {
    return {
      images: imageTensor(network, batch, batch.count),
      labels: tensor(batch.labels.slice(0, batch.count), [batch.count], 'int32'),
      learningRate: scalar(learningRate),
      update: scalar(update),
    }
  },
  evaluate(network: Network, batch: HostBatch): EvaluationBatch {
    const labels = new Int32Array(EVALUATION_BATCH)
    labels.set(batch.labels.subarray(0, batch.count))
    return {
      images: imageTensor(network, batch, EVALUATION_BATCH),
      labels: tensor(labels, [EVALUATION_BATCH], 'int32'),
      weights: tensor(new Float32Array(EVALUATION_BATCH).fill(1, 0, batch.count), [EVALUATION_BATCH]),
    }
  },
  reconstruct(network: Network, batch: HostBatch, count: number): { images: Tensor } {
    return { images: imageTensor(network, { ...batch, count }, count) }
  },
}

/** [size, height, width, channels]; zeros after the images of the batch. */
function imageTensor({ config }: Network, { images, count }: HostBatch, size: number): Tensor {
  const { height, width, channels } = config.image
  // A copy: the buffer belongs to the pipeline, which fills it again while TensorFlow may still read a tensor backed by it.
  const values = new Float32Array(size * height * width * channels)
  values.set(images.subarray(0, count * height * width * channels))
  return tensor(values, [size, height, width, channels])
}

/** The value of a scalar tensor, which is freed. */
export function take(value: Tensor): number {
  const number = value.dataSync()[0]!
  value.dispose()
  return number
}

/** What `evaluateBatch` says of the images that count; the tensors are freed. */
export function takeEvaluation(
  { correct, loss, predicted, confidence }: Record<'correct' | 'loss' | 'predicted' | 'confidence', Tensor>,
  { count }: HostBatch,
): BatchEvaluation {
  const each = (value: Tensor): ArrayLike<number> => value.dataSync().slice(0, count)
  const result = { correct: take(correct), loss: take(loss), predicted: each(predicted), confidence: each(confidence) }
  dispose([predicted, confidence])
  return result
}

/** The largest of each stage's errors; the tensors are freed. NaN counts as the largest. */
export function largest(errors: Tensor[]): number[] {
  const worst = errors.map((stage) => [...stage.dataSync()].reduce((a, b) => (Number.isNaN(a) || a > b ? a : b), 0))
  dispose(errors)
  return worst
}

/** Relative errors of rebuilt states by stage, operation by operation. */
export function measureReconstruction(
  network: Network,
  config: RunConfig,
  state: TrainingState,
  batch: HostBatch,
  anchorEvery: number,
): number[] {
  const { images } = feeds.reconstruct(network, batch, reconstructionImages(config))
  const errors = reconstructionErrors(network, state.params, state.statistics, images, anchorEvery)
  images.dispose()
  return largest(errors)
}

/** Operation by operation, on any engine. */
export class EagerExecutor implements Executor {
  constructor(
    private readonly network: Network,
    private readonly config: RunConfig,
    private readonly state: TrainingState,
    private options: KeepOptions,
  ) {}

  get step(): number {
    return this.state.step
  }

  train(batch: HostBatch, learningRate: number): StepScalars {
    const { network, state, config } = this
    const inputs = feeds.train(network, batch, learningRate, state.step + 1)
    const { crossEntropy, total, gradientNorm, logits } = trainStep(network, state, inputs, { ...config, ...this.options }, inputs)
    dispose([logits, ...Object.values(inputs)])
    return { loss: take(crossEntropy), total: take(total), gradientNorm: take(gradientNorm) }
  }

  evaluate(batch: HostBatch): BatchEvaluation {
    const { network, state } = this
    const inputs = feeds.evaluate(network, batch)
    const outcome = evaluateBatch(network, state.params, state.statistics, inputs)
    dispose(Object.values(inputs))
    return takeEvaluation(outcome, batch)
  }

  reconstruct(batch: HostBatch, anchorEvery: number): number[] {
    return measureReconstruction(this.network, this.config, this.state, batch, anchorEvery)
  }

  read<T>(use: (state: TrainingState) => T): T {
    return use(this.state)
  }

  change(change: (state: TrainingState) => void): void {
    change(this.state)
  }

  keep(options: KeepOptions): void {
    this.options = options
  }

  dispose(): void {
    dispose(stateTensors(this.state))
  }
}
