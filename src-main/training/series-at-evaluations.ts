import type { RunConfig } from '../contract/config.js'
import type { Network } from '../numeric/network.js'
import type { Executor } from './executor.js'
import type { RunData } from './run-data.js'
import { SharpnessSeries } from './sharpness.js'
import { VolumeSeries } from './volume.js'

/** The lab diagnostics measured at a run's evaluations, by metric key, as requested by its configuration. */
export const seriesAtEvaluations = (
  network: Network,
  config: RunConfig,
  data: Pick<RunData, 'sample' | 'batch'>,
): { measure(executor: Executor): Record<string, number> }[] => [
  ...(config.sharpness ? [new SharpnessSeries(network, config, data)] : []),
  ...(config.volume ? [new VolumeSeries(network, config, data)] : []),
]
