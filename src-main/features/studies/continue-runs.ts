import { REPEATABLE, type StudyCell } from '../../contract/studies.js'
import type { RunControl } from '../runs/control/run-control.js'

/**
 * Starts the runs of cells: those waiting in the queue, and, from their last checkpoints, those that were paused, stopped, interrupted or
 * failed. A run that was taken over is resumed like the study's own runs, because the study needs its result. Diverged runs are results and
 * are left alone.
 */
export function continueRuns(control: RunControl, cells: readonly StudyCell[]): void {
  for (const { runId, state } of cells) {
    if (runId === null || state === 'diverged' || state === 'removed') continue
    if (state === 'queued') control.admit(runId)
    else if (REPEATABLE.includes(state)) control.command(runId, 'resume')
  }
}
