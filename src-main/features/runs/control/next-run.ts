import type { RunSummary } from '../../../contract/runs.js'
import { clusterOf } from '../../cluster/configured.js'
import { nextToStart } from './devices.js'
import type { LiveRuns } from './live-runs.js'
import type { RunControlPorts } from './ports.js'

/**
 * Why no run is started: the disk is nearly full, or has no room at all, or the speed of the machine or a cell of a study is measured, or the
 * home is lost.
 */
export type Hold = 'disk' | 'full' | 'measurement' | 'study' | 'lost' | 'sleep'

/** Holds during which not even a job is submitted; the others keep this machine free. */
const NOTHING_STARTS: readonly Hold[] = ['disk', 'full', 'lost']

/** The first queued run for which there is room, among the jobs of the cluster or on a device of this machine. */
export function nextRun(
  ports: Pick<RunControlPorts, 'gpus' | 'jobs' | 'runs' | 'settings'>,
  live: LiveRuns,
  holds: ReadonlySet<Hold>,
  admitted: ReadonlySet<string> | null,
): ReturnType<typeof nextToStart> {
  const { jobs, runs, settings } = ports
  const placed = jobs.placed()
  // Without a cluster a run is started all the same, and ends with the reason.
  const room = !NOTHING_STARTS.some((why) => holds.has(why)) && live.there < (clusterOf(settings)?.jobsAtOnce ?? 1)
  const isNext = ({ id }: RunSummary): boolean => placed.has(id) && !live.has(id) && (admitted === null || admitted.has(id))
  const run = placed.size > 0 && room ? runs.inStatus(['queued']).find(isNext) : undefined
  if (run) return { run, device: null }
  return holds.size > 0 ? undefined : nextToStart(ports, live, admitted, placed)
}
