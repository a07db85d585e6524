import { discardAfter } from './discard.js'
import { UserError } from '../../../contract/errors.js'
import { RESUMABLE } from '../../../contract/runs.js'
import { findCheckpoint } from '../find-checkpoint.js'
import type { RunControlPorts } from './ports.js'
import type { RunRows } from './run-rows.js'
import { requireOwn } from './run-state.js'

/**
 * Makes the checkpoint at a step the last one of an ended run and discards everything after it, so that the run resumes from there.
 *
 * @throws UserError NOT_FOUND, or CONFLICT when the run cannot be resumed, or a later checkpoint is pinned
 */
export function rewindTo(ports: RunControlPorts, rows: RunRows, id: string, step: number, isLive: boolean): void {
  const { changes, series, checkpoints, files, trainers } = ports
  const run = requireOwn(rows.require(id))
  if (!RESUMABLE.includes(run.status) || isLive)
    throw new UserError(
      'CONFLICT',
      `Run ${id} is ${run.status}. Only paused, stopped, failed or interrupted runs can resume from an earlier step; fork it instead.`,
    )
  findCheckpoint(ports, id, { step })
  const later = checkpoints.list(id).filter((each) => each.step > step)
  const pinned = later.find((each) => each.pinned)
  if (pinned)
    throw new UserError(
      'CONFLICT',
      `The checkpoint of run ${id} at step ${pinned.step} is pinned, and resuming from step ${step} would discard it. Unpin it, or fork the run.`,
    )
  changes.commit((record) => {
    discardAfter(ports, id, step)
    record({ kind: 'truncated', runId: id, afterStep: step })
    for (const { file } of later) {
      checkpoints.remove(id, file)
      record({ kind: 'checkpointRemoved', runId: id, file })
    }
    record({ kind: 'run', run: rows.patch(id, { step, latest: series.latest(id), best: series.best(id) }) })
  })
  // Files are deleted after the commit, as in `retry`.
  for (const { file } of later) files.removeCheckpoint(id, file)
  const left = trainers.leftBehind(files.checkpointFolder(id), run.lease)
  if (left && left.step > step) files.removeCheckpoint(id, left.file)
}
