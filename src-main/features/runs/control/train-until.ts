import type { Change } from '../../../contract/changes.js'
import type { RunControlPorts } from './ports.js'
import { IDLE, type RunRows } from './run-rows.js'
import { waits } from './run-state.js'

/**
 * Sets the step at which a run pauses by itself, null for its end, and queues it if it waits at such a step. Must be called inside a
 * commit. A run that another study has trained as far, or trains to its end, is left unchanged.
 *
 * @throws UserError NOT_FOUND
 */
export function trainUntil(
  { runs }: Pick<RunControlPorts, 'runs'>,
  rows: RunRows,
  id: string,
  pauseAt: number | null,
  record: (change: Change) => void,
): void {
  const before = runs.record(id)
  const waited = waits(rows.require(id), before)
  if (before?.pauseAt == null || (pauseAt !== null && pauseAt <= before.pauseAt)) return
  runs.updateRecord(id, { pauseAt })
  if (!waited) return
  runs.enqueue(id)
  record({ kind: 'run', run: rows.patch(id, { status: 'queued', ...IDLE, reason: null, endedAt: null }) })
}
