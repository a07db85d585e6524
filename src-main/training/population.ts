import type { Network } from '../numeric/network.js'
import { requireTensors } from './checkpoint.js'
import type { Executor, Moments } from './executor.js'
import type { RunData } from './run-data.js'
import type { StoredTensor } from './safetensors.js'

/**
 * Number of training images for estimating the statistics: with two or five times as many, no result changes by more than it does with
 * other images.
 */
export const SAMPLE = 1000

/** Prefix of the names in files; these tensors are not weights, so that `weightsHash` does not depend on them. */
const PREFIX = 'population/'

/**
 * The statistics that batch norm uses in a run's evaluations: re-estimated from training images whenever weights without any are evaluated
 * or written to a file. The training state is not changed.
 */
export class Population {
  private known: { step: number; statistics: Moments } | null = null

  constructor(
    private readonly executor: Executor,
    private readonly data: Pick<RunData, 'sample'>,
  ) {}

  /** Makes evaluations use the statistics of the current weights. */
  refresh(): Moments {
    const { executor, data } = this
    if (this.known?.step === executor.step) return this.known.statistics
    const statistics = populationStatistics(Array.from(data.sample(SAMPLE), (batch) => executor.moments(batch)).flat())
    executor.evaluateWith(statistics)
    this.known = { step: executor.step, statistics }
    return statistics
  }
}

/**
 * Statistics of the population from those of batches of one size: E[mean], and E[variance + mean^2] - E[mean]^2, which is the mean
 * variance within batches plus the variance of their means (Wu and Johnson 2021, "Rethinking 'Batch' in BatchNorm", section 3).
 * Sums are in float64.
 */
export function populationStatistics(batches: readonly Moments[]): Moments {
  const averaged = new Map<string, Float32Array>()
  for (const name of batches[0]!.keys()) {
    const norm = /^(.*)\/mean$/.exec(name)?.[1]
    if (norm === undefined) continue
    const means = batches.map((batch) => batch.get(name)!)
    const variances = batches.map((batch) => batch.get(`${norm}/variance`)!)
    const centre = Float64Array.from(means[0]!, (_, channel) => average(means, (each) => each[channel]!))
    const total = centre.map((mean, channel) => {
      const between = average(means, (each) => (each[channel]! - mean) ** 2)
      return average(variances, (each) => each[channel]!) + between
    })
    averaged.set(name, Float32Array.from(centre)).set(`${norm}/variance`, Float32Array.from(total))
  }
  return averaged
}

const average = <T>(all: readonly T[], value: (of: T) => number): number => all.reduce((sum, each) => sum + value(each), 0) / all.length

export const isPopulation = (name: string): boolean => name.startsWith(PREFIX)

/** The statistics under their names in files. */
export function populationTensors(network: Network, statistics: Moments): [string, StoredTensor][] {
  return network.statistics.map(({ name, shape }) => [`${PREFIX}${name}`, { shape, data: statistics.get(name)! }])
}

/** @throws UserError naming the statistics that a file lacks, or has in another shape */
export function readPopulation(network: Network, tensors: ReadonlyMap<string, StoredTensor>): Moments {
  requireTensors(
    tensors,
    network.statistics.map(({ name, shape }) => [`${PREFIX}${name}`, shape]),
  )
  return new Map(network.statistics.map(({ name }) => [name, tensors.get(`${PREFIX}${name}`)!.data as Float32Array]))
}
