import type { RunSummary } from '../../../contract/runs.js'
import { readSettings } from '../../home/settings.js'
import { assignDevice } from '../gpus.js'
import type { LiveRuns } from './live-runs.js'
import type { RunControlPorts } from './ports.js'

/**
 * The first queued run whose device is free, with that device, if the maximum number of concurrent runs is not reached. A run that waits
 * for a GPU does not block those behind it.
 * @param live the active runs
 * @param admitted ids of the runs that may start; null for all
 * @param elsewhere ids of the runs that a cluster computes
 */
export function nextToStart(
  { gpus, runs, settings }: Pick<RunControlPorts, 'gpus' | 'runs' | 'settings'>,
  live: LiveRuns,
  admitted: ReadonlySet<string> | null,
  elsewhere: ReadonlySet<string>,
): { run: RunSummary; device: string | null } | undefined {
  const { 'queue.concurrentRuns': most, 'compute.device': everyones } = readSettings(settings)
  if (live.here >= most) return undefined
  const usable = gpus?.usable() ?? []
  const taken = new Set([...live.values()].map(({ device }) => device))
  for (const run of runs.inStatus(['queued'])) {
    if (live.has(run.id) || elsewhere.has(run.id) || (admitted && !admitted.has(run.id))) continue
    const found = assignDevice(runs.record(run.id)?.environment.device ?? everyones, usable, taken)
    if (found) return { run, device: found.device }
  }
  return undefined
}
