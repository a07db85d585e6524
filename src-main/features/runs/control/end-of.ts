import type { RunStatus } from '../../../contract/runs.js'
import type { LiveRun } from './live-run.js'
import { afterExit } from './run-state.js'
import type { TrainerExit } from './trainers.js'

/** The state of a run whose trainer ended without a report, and why. */
export function endOf(live: LiveRun, status: RunStatus, exit: TrainerExit): { status: RunStatus; reason: string | null } {
  // If the home is lost, the trainer's last report may say that it could not write a checkpoint.
  if (live.closing !== null && live.why !== null && exit.reason !== null)
    return { status: 'interrupted', reason: `${live.why} ${exit.reason}` }
  if (live.closing !== null) return { status: 'interrupted', reason: `${live.closing}. Resume this run from its last checkpoint.` }
  return { status: afterExit(status, exit), reason: live.why ?? exit.reason }
}
