import type { RunConfig } from '../contract/config.js'
import { DISTRIBUTION_KINDS, type Histograms } from '../contract/histograms.js'
import { microBatch } from '../contract/micro-batch.js'
import { completeOptions } from '../lab/complete-options.js'
import { distributions } from '../lab/diagnostics/distributions.js'
import { freeing } from '../lab/scope.js'
import { distributionsOf, type Distribution, type DistributionSubject } from '../lab/unit-distributions.js'
import type { Network } from '../numeric/network.js'
import type { Executor, KeepOptions } from './executor.js'
import { sampleOf } from './lab-subject.js'
import type { RunData } from './run-data.js'

/** Histograms with their values as sent by the trainer. */
export type MeasuredHistograms = Omit<Histograms, 'runId' | 'values'> & { values: Float32Array<ArrayBuffer> }

/**
 * Histograms of weights, gradients and activations over training, as computed by the diagnostic Distributions with its default options, on
 * the same training images each time. They are measured eagerly in separate passes rather than in those of training, because a compiled
 * step from which additional tensors are read rounds differently. The gradients are computed like those of the run, with reconstructed
 * activations if it uses them, for no more images than a micro-batch, so that a step needs no more memory.
 */
export class HistogramSeries {
  private readonly options: DistributionSubject['options']

  private constructor(
    private readonly network: Network,
    private readonly config: RunConfig,
    private readonly data: Pick<RunData, 'sample' | 'batch'>,
  ) {
    const options = completeOptions(distributions, {}) as unknown as DistributionSubject['options']
    this.options = { ...options, images: Math.min(options.images, microBatch({ ...config, batch: data.batch })) }
  }

  /** Null if the run does not collect any, or the network has no units. */
  static of(network: Network, config: RunConfig, data: Pick<RunData, 'sample' | 'batch'>): HistogramSeries | null {
    const hasUnits = network.stages.some(({ units }) => units > 0)
    return config.histograms > 0 && hasUnits ? new HistogramSeries(network, config, data) : null
  }

  /** Whether they are collected after this number of updates. */
  isDue(step: number): boolean {
    return step % this.config.histograms === 0
  }

  /** Measures the current state, which is only read. */
  measure(executor: Executor, keep: KeepOptions): MeasuredHistograms {
    const { network, options, data } = this
    const { mode, labelSmoothing } = this.config
    const found = executor.read(({ params, statistics }) =>
      freeing(() => {
        const subject = { network, params, statistics, options, data: { sample: sampleOf(data) }, loss: { mode, labelSmoothing, ...keep } }
        return drained(distributionsOf(subject, DISTRIBUTION_KINDS, { note: () => undefined, warn: () => undefined }))
      }),
    )
    return {
      step: executor.step,
      bins: options.bins,
      parts: found.map(({ kind, most, units }) => ({ kind, most, depths: units.map(({ depth }) => depth) })),
      values: Float32Array.from(found.flatMap(numbers)),
    }
  }
}

/** In the order of `contract/histograms.ts`. */
const numbers = ({ units }: Distribution): number[] => units.flatMap(({ shares, mean, deviation }) => [...shares, mean, deviation])

/** Runs a generator to its end, ignoring its progress, and returns its result. */
function drained<T>(work: Generator<unknown, T, void>): T {
  let next = work.next()
  while (!next.done) next = work.next()
  return next.value
}
