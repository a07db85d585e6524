import type { RunConfig } from '../contract/config.js'
import { completeOptions } from '../lab/complete-options.js'
import { hessian } from '../lab/diagnostics/hessian.js'
import { freeing } from '../lab/scope.js'
import { measureSharpness, type SharpnessSubject } from '../lab/sharpness.js'
import type { Network } from '../numeric/network.js'
import type { Executor } from './executor.js'
import { sampleOf } from './lab-subject.js'
import type { RunData } from './run-data.js'

/** Series of the sharpness at evaluations, as measured by the diagnostic Sharpness with its default options. */
export class SharpnessSeries {
  private readonly options = completeOptions(hessian, {}) as SharpnessSubject['options']

  constructor(
    private readonly network: Network,
    private readonly config: RunConfig,
    private readonly data: Pick<RunData, 'sample' | 'batch'>,
  ) {}

  /** By metric key; NaN if it did not converge, or if two widths of differences disagree. Only copies of the state are used. */
  measure(executor: Executor): Record<string, number> {
    const { network, config, options, data } = this
    const { sharpness, rateTimesSharpness, limit } = executor.read(({ params, statistics, step }) =>
      freeing(() =>
        measureSharpness(
          { network, config, params, statistics, step, options, data: { sample: sampleOf(data) } },
          { note: () => undefined },
        ),
      ),
    )
    return {
      'stability/sharpness': sharpness ?? NaN,
      'stability/rateTimesSharpness': rateTimesSharpness ?? NaN,
      // A series rather than a reference line, because only the optimizer knows the limit.
      ...(limit.value === null ? {} : { 'stability/limit': limit.value }),
    }
  }
}
