import { dispose, scalar, tensor, type Tensor } from '@tensorflow/tfjs-core'
import type { RunConfig } from '../contract/config.js'
import { microBatch, type BatchConfig } from '../contract/micro-batch.js'
import { accumulatedStep, accumulateGradients, zeroSums } from '../numeric/accumulation.js'
import type { Batch } from '../numeric/loss-and-gradients.js'
import { evaluateBatch, type EvaluationBatch } from '../numeric/metrics.js'
import { dropoutOf } from '../numeric/dropout.js'
import type { Network } from '../numeric/network.js'
import { reconstructionErrors } from '../numeric/reconstruction.js'
import { stateTensors, type TrainingState } from '../numeric/state.js'
import { stepMeasures } from '../numeric/step-metrics.js'
import type { Named } from '../numeric/tensors.js'
import { batchMoments } from '../numeric/batch-moments.js'
import { trainStep, type StepInputs } from '../numeric/train-step.js'
import type { HostBatch } from './run-data.js'

/** Values of all step metrics by key: `STEP_METRICS` defines them. */
export type StepValues = Readonly<Record<string, number>>

export interface BatchEvaluation {
  /** Sums over the images of the batch, with the loss in nats. */
  correct: number
  loss: number
  /** Predicted class and its probability for each image. */
  predicted: ArrayLike<number>
  confidence: ArrayLike<number>
}

/** What may change during a run: how much the forward pass keeps for the backward pass. */
export interface KeepOptions {
  /** Interval of anchors in units; 0 for none. */
  anchorEvery: number
  /** Number of first units of each stage that keep their activations. */
  keptUnits: readonly number[]
}

/** Mean and biased variance of each batch norm, by the names of the network's statistics ('stem/bn/mean'). */
export type Moments = ReadonlyMap<string, Float32Array>

/** Whether evaluations of a run use re-estimated statistics. A network without batch norm has none. */
export const reestimates = (network: Network, { evaluationStatistics }: Pick<RunConfig, 'evaluationStatistics'>): boolean =>
  evaluationStatistics === 'reestimated' && network.statistics.length > 0

/** Executes the computations of a run. Both kinds evaluate the same functions of `numeric`. */
export interface Executor {
  /** Number of updates made so far. */
  readonly step: number
  /** One update of parameters, slots and running statistics. @returns the step metrics */
  train(batch: HostBatch, learningRate: number): StepValues
  /** Evaluates a batch of at most EVALUATION_BATCH images. If the run re-estimates statistics, `evaluateWith` must be called first. */
  evaluate(batch: HostBatch): BatchEvaluation
  /**
   * The moments of each micro-batch of a batch of training size with the current weights; the state is not changed. Only for runs that
   * re-estimate statistics.
   */
  moments(batch: HostBatch): Moments[]
  /** Makes evaluations use these instead of the running statistics. Only for runs that re-estimate statistics. */
  evaluateWith(statistics: Moments): void
  /**
   * Relative errors of reconstructed states by stage, on the first images of a batch, if every k-th unit were anchored. Only if
   * `rebuildsActivations`.
   */
  reconstruct(batch: HostBatch, anchorEvery: number): number[]
  /** Reads the state, whose tensors are disposed afterwards. */
  read<T>(use: (state: TrainingState) => T): T
  /** Changes the state. */
  change(change: (state: TrainingState) => void): void
  /** Changes which states are kept. */
  keep(options: KeepOptions): void
  dispose(): void
}

/** Number of images evaluated together; smaller batches are padded, so that one graph serves all. */
export const EVALUATION_BATCH = 250

/** Number of images for measuring the reconstruction error. It is small because all states of a stage are alive at once. */
const RECONSTRUCTION_IMAGES = 8

export const reconstructionImages = (config: BatchConfig): number => Math.min(RECONSTRUCTION_IMAGES, microBatch(config))

/** The micro-batches of a batch, in order: views of its buffers. @throws UserError when there are no equal ones */
export function microBatches({ config: { image } }: Network, batch: HostBatch, { accumulate }: Pick<RunConfig, 'accumulate'>): HostBatch[] {
  const count = microBatch({ batch: batch.count, accumulate })
  const size = count * image.height * image.width * image.channels
  return Array.from({ length: accumulate }, (_, at) => ({
    images: batch.images.subarray(at * size, (at + 1) * size),
    labels: batch.labels.subarray(at * count, (at + 1) * count),
    count,
  }))
}

/** The inputs of each function that an executor runs, as tensors that the caller disposes of. */
export const feeds = {
  train(network: Network, batch: HostBatch, learningRate: number, update: number): Batch & StepInputs {
    return { ...feeds.accumulate(network, batch, update), ...feeds.update(learningRate, update) }
  },
  /** @param number index of this micro-batch since the start of the run, which determines the dropout */
  accumulate(network: Network, batch: HostBatch, number: number): Batch {
    return {
      ...(dropoutOf(network) > 0 ? { draw: scalar(number, 'int32') } : {}),
      images: imageTensor(network, batch, batch.count),
      labels: tensor(batch.labels.slice(0, batch.count), [batch.count], 'int32'),
    }
  },
  update(learningRate: number, update: number): StepInputs {
    return { learningRate: scalar(learningRate), update: scalar(update) }
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
  moments(network: Network, batch: HostBatch): { images: Tensor } {
    return { images: imageTensor(network, batch, batch.count) }
  },
}

/** Statistics for evaluation, as tensors by name. @throws Error if one is missing */
export function momentTensors(network: Network, statistics: Moments): Named {
  const one = (name: string, shape: number[]): Tensor => {
    const values = statistics.get(name)
    if (!values) throw new Error(`there is no ${name} among the statistics to evaluate with`)
    return tensor(values, shape)
  }
  return Object.fromEntries(network.statistics.map(({ name, shape }) => [name, one(name, shape)]))
}

/** The values of `batchMoments`; the tensors are freed. */
export function takeMoments(network: Network, moments: Named): Moments {
  const values = new Map(network.statistics.map(({ name }) => [name, moments[name]!.dataSync() as Float32Array]))
  dispose(moments)
  return values
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

/** The values of scalar tensors by name, which are freed. */
export const takeAll = (values: Named): Record<string, number> =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, take(value)]))

/** The results of `evaluateBatch` for the images that count; the tensors are freed. */
export function takeEvaluation(
  { correct, loss, predicted, confidence }: Record<'correct' | 'loss' | 'predicted' | 'confidence', Tensor>,
  { count }: HostBatch,
): BatchEvaluation {
  const each = (value: Tensor): ArrayLike<number> => value.dataSync().slice(0, count)
  const result = { correct: take(correct), loss: take(loss), predicted: each(predicted), confidence: each(confidence) }
  dispose([predicted, confidence])
  return result
}

/** @throws Error before the first `evaluateWith` */
export function needPopulation(population: Named | null): Named {
  if (!population) throw new Error('statistics to evaluate with have not been given')
  return population
}

/** The largest error of each stage; the tensors are freed. NaN counts as the largest. */
export function largest(errors: Tensor[]): number[] {
  const worst = errors.map((stage) => [...stage.dataSync()].reduce((a, b) => (Number.isNaN(a) || a > b ? a : b), 0))
  dispose(errors)
  return worst
}

/** Relative errors of reconstructed states by stage, computed eagerly. */
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

/** Executes one operation at a time, on any engine. */
export class EagerExecutor implements Executor {
  private readonly measures = stepMeasures()
  private population: Named | null = null

  constructor(
    private readonly network: Network,
    private readonly config: RunConfig,
    private readonly state: TrainingState,
    private options: KeepOptions,
  ) {}

  get step(): number {
    return this.state.step
  }

  train(batch: HostBatch, learningRate: number): StepValues {
    const { network, state, config } = this
    if (config.accumulate > 1) return this.trainAccumulated(batch, learningRate)
    const inputs = feeds.train(network, batch, learningRate, state.step + 1)
    const { measured, ...rest } = trainStep(network, state, inputs, { ...config, ...this.options }, inputs, this.measures)
    dispose([...Object.values(rest), ...Object.values(inputs)])
    return takeAll(measured)
  }

  private trainAccumulated(batch: HostBatch, learningRate: number): StepValues {
    const { network, state, measures } = this
    const config = { ...this.config, ...this.options }
    const sums = zeroSums(network, measures)
    for (const [at, part] of microBatches(network, batch, config).entries()) {
      const inputs = feeds.accumulate(network, part, state.step * config.accumulate + at + 1)
      accumulateGradients(network, state, sums, inputs, config, measures)
      dispose(Object.values(inputs))
    }
    const inputs = feeds.update(learningRate, state.step + 1)
    const { measured, ...rest } = accumulatedStep(network, state, sums, config, inputs, measures)
    dispose([...Object.values(rest), ...Object.values(inputs)])
    return takeAll(measured)
  }

  evaluate(batch: HostBatch): BatchEvaluation {
    const { network, config, state } = this
    const statistics = reestimates(network, config) ? needPopulation(this.population) : state.statistics
    const inputs = feeds.evaluate(network, batch)
    const outcome = evaluateBatch(network, state.params, statistics, inputs)
    dispose(Object.values(inputs))
    return takeEvaluation(outcome, batch)
  }

  moments(batch: HostBatch): Moments[] {
    const { network, state, config } = this
    return microBatches(network, batch, config).map((part) => {
      const { images } = feeds.moments(network, part)
      const moments = batchMoments(network, state.params, state.statistics, images)
      images.dispose()
      return takeMoments(network, moments)
    })
  }

  evaluateWith(statistics: Moments): void {
    dispose(this.population ?? [])
    this.population = momentTensors(this.network, statistics)
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
    dispose([...stateTensors(this.state), ...Object.values(this.population ?? {})])
  }
}
