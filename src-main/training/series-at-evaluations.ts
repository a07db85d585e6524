import type { RunConfig } from '../contract/config.js'
import type { Network } from '../numeric/network.js'
import type { Executor } from './executor.js'
import type { RunData } from './run-data.js'
import { SharpnessSeries } from './sharpness.js'
import { VolumeSeries } from './volume.js'

/** What diagnostics of the lab measure of a run at its evaluations, by the keys of metrics, as its configuration asks for. */
export const seriesAtEvaluations = (
  network: Network,
  config: RunConfig,
  data: Pick<RunData, 'sample' | 'batch'>,
): { measure(executor: Executor): Record<string, number> }[] => [
  ...(config.sharpness ? [new SharpnessSeries(network, config, data)] : []),
  ...(config.volume ? [new VolumeSeries(network, config, data)] : []),
]
