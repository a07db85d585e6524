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

/** Histograms with their values as they leave the trainer. */
export type MeasuredHistograms = Omit<Histograms, 'runId' | 'values'> & { values: Float32Array<ArrayBuffer> }

/**
 * Histograms of weights, gradients and activations over training, as the diagnostic Distributions has them with its defaults, of the same
 * training images each time. They are measured in passes of their own, operation by operation, and not in those of training: a compiled step
 * from which further tensors are read rounds differently. The gradients are computed as the run computes its own, by reconstructed activations
 * where it does, of no more images than a micro-batch, so that a step needs no less memory.
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

  /** Null where the run is not asked for any, or the network has no units. */
  static of(network: Network, config: RunConfig, data: Pick<RunData, 'sample' | 'batch'>): HistogramSeries | null {
    const hasUnits = network.stages.some(({ units }) => units > 0)
    return config.histograms > 0 && hasUnits ? new HistogramSeries(network, config, data) : null
  }

  /** Whether they are collected after so many updates. */
  isDue(step: number): boolean {
    return step % this.config.histograms === 0
  }

  /** Of the state as it is, which is only read. */
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

/** As `contract/histograms.ts` orders them. */
const numbers = ({ units }: Distribution): number[] => units.flatMap(({ shares, mean, deviation }) => [...shares, mean, deviation])

/** What a generator returns, whose progress nobody follows. */
function drained<T>(work: Generator<unknown, T, void>): T {
  let next = work.next()
  while (!next.done) next = work.next()
  return next.value
}
