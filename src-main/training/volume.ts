import type { RunConfig } from '../contract/config.js'
import { completeOptions } from '../lab/complete-options.js'
import { volume } from '../lab/diagnostics/volume.js'
import { freeze } from '../lab/frozen.js'
import { freeing } from '../lab/scope.js'
import { TERMS, unitDrifts, type UnitDrift } from '../lab/volume.js'
import type { Network } from '../numeric/network.js'
import type { Executor } from './executor.js'
import { sampleOf } from './lab-subject.js'
import type { RunData } from './run-data.js'

interface VolumeOptions {
  images: number
  statistics: 'batch' | 'running'
  volumeImages: number
  wholeUpTo: number
  probes: number
}

/** Series of volume and drift by stage at evaluations, as measured by the diagnostic Volume and drift with its default options. */
export class VolumeSeries {
  private readonly options = completeOptions(volume, {}) as unknown as VolumeOptions

  constructor(
    private readonly network: Network,
    private readonly config: RunConfig,
    private readonly data: Pick<RunData, 'sample' | 'batch'>,
  ) {}

  /**
   * By metric key: log |det J| summed over the units of a stage, NaN if one of them has none, and the sum of their mean changes of the
   * state. Only copies of the state are used.
   */
  measure(executor: Executor): Record<string, number> {
    const { network, config, options, data } = this
    const rows = executor.read(({ params, statistics }) =>
      freeing((): UnitDrift[] => {
        const frozen = freeze({ network, params, statistics, options, data: { sample: sampleOf(data) } }, options.images, {
          note: () => undefined,
        })
        const { volumeImages, wholeUpTo, probes } = options
        return [...unitDrifts(frozen, { volumeImages, wholeUpTo, probes, terms: TERMS, seed: config.seed })]
      }),
    )
    const sums: Record<string, number> = {}
    const add = (key: string, value: number): void => void (sums[key] = (sums[key] ?? 0) + value)
    for (const { stage, volume: of, shift } of rows) {
      add(`volume/stage${stage + 1}`, of.logAbs ?? NaN)
      add(`drift/stage${stage + 1}`, shift)
    }
    return sums
  }
}
