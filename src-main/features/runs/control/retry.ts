import { discardAfter } from './discard.js'
import { UserError } from '../../../contract/errors.js'
import { RESUMABLE } from '../../../contract/runs.js'
import { requireSameDynamics } from '../own-dynamics.js'
import type { RunControlPorts } from './ports.js'
import { IDLE, type RunRows } from './run-rows.js'
import { requireOwn } from './run-state.js'

/**
 * Discards the progress of an ended run, and queues it from step 0.
 *
 * @throws UserError NOT_FOUND, or CONFLICT when it has not ended, or has finished
 */
export function queueAnew(ports: RunControlPorts, rows: RunRows, id: string, isLive: boolean): void {
  const { changes, runs, checkpoints, files, trainers } = ports
  const run = requireOwn(rows.require(id))
  if (run.status === 'finished') throw new UserError('CONFLICT', `Run ${id} has finished. Run it again as a new run instead.`)
  if (!RESUMABLE.includes(run.status) || isLive)
    throw new UserError('CONFLICT', `Run ${id} is ${run.status}. Wait until it has ended, then retry it.`)
  requireSameDynamics(ports, id)
  const old = checkpoints.list(id)
  changes.commit((record) => {
    discardAfter(ports, id, -1)
    record({ kind: 'truncated', runId: id, afterStep: -1 })
    for (const { file } of old) {
      checkpoints.remove(id, file)
      record({ kind: 'checkpointRemoved', runId: id, file })
    }
    runs.updateRecord(id, { result: null })
    runs.enqueue(id)
    const begun = { startedAt: null, endedAt: null, reason: null, archived: false }
    const anew = { step: 0, activeSeconds: 0, latest: {}, best: {}, gradients: null, reported: null, ...begun }
    record({ kind: 'run', run: rows.patch(id, { status: 'queued', ...IDLE, ...anew }) })
  })
  // Files are deleted after the commit: a clean-up finds files without a row, but a row without its file would be a missing checkpoint.
  for (const { file } of old) files.removeCheckpoint(id, file)
  const left = trainers.leftBehind(files.checkpointFolder(id), run.lease)
  if (left) files.removeCheckpoint(id, left.file)
}
