import { UserError } from '../../contract/errors.js'
import { hasTrainer, type RemovedRun, type RunSummary } from '../../contract/runs.js'
import type { Changes } from '../home/changes.js'
import type { OpenTime } from '../home/open-time.js'
import type { RunControl } from './control/run-control.js'
import type { RunFiles } from './run-files.js'
import type { RunStore } from './run-store.js'
import type { Clock } from '../shared/clock.js'

export interface TrashPorts {
  changes: Changes
  runs: RunStore
  openTime: OpenTime
  files: RunFiles
  clock: Clock
  control: RunControl
  fault(error: unknown): void
}

/** Milliseconds between two checks for removed runs that are due. */
const LOOK_EVERY = 10 * 60_000

/** Removes runs so that they can be restored for a limited time, until which they are only hidden. */
export class RunTrash {
  private cancel: (() => void) | null = null
  private purging: Promise<unknown> = Promise.resolve()

  constructor(private readonly ports: TrashPorts) {}

  /** Runs that can be restored, the most recently removed first. */
  removed(): RemovedRun[] {
    const { runs, openTime } = this.ports
    return runs.removed().map(({ run, removal }) => ({ run, removedAt: removal.at, keptSeconds: Math.max(0, openTime.left(removal)) }))
  }

  /** Deletes a removed run and its files immediately and permanently. */
  async purge({ id }: { id: string }): Promise<void> {
    this.find(id)
    await this.delete(id)
  }

  /** Deletes the runs that are due, now and at regular intervals. */
  start(): void {
    const { runs, clock, openTime, fault } = this.ports
    // The timer is set first, so that an error now does not end the checks.
    this.cancel = clock.after(LOOK_EVERY, () => {
      this.start()
      openTime.keep()
    })
    const due = runs.removed().filter(({ removal }) => openTime.left(removal) <= 0)
    for (const { run } of due) this.purging = this.purging.then(() => this.delete(run.id)).catch(fault)
  }

  async close(): Promise<void> {
    this.cancel?.()
    await this.purging
    try {
      this.ports.openTime.keep()
    } catch (error) {
      // On an error, removed runs are only kept for longer.
      this.ports.fault(error)
    }
  }

  /** Hides a run. It can be restored until Retrace has been open for another `runs.keepRemovedHours`; then its files are deleted. */
  remove({ id }: { id: string }): void {
    const { changes, runs, clock, control, openTime } = this.ports
    const run = control.require(id)
    if (hasTrainer(run) || control.isLive(id)) throw new UserError('CONFLICT', `Run ${id} is ${run.status}. Stop it before removing it.`)
    changes.commit((record) => {
      // A restored run must not start by itself.
      if (run.status === 'queued') runs.update(id, { status: 'stopped', endedAt: clock.now() })
      runs.setRemoved(id, openTime.removal())
      record({ kind: 'runRemoved', runId: id })
    })
  }

  restore({ id }: { id: string }): RunSummary {
    const { changes, runs, control } = this.ports
    this.find(id)
    return changes.commit((record) => {
      runs.setRemoved(id, null)
      const run = control.require(id)
      record({ kind: 'run', run })
      return run
    })
  }

  private find(id: string): void {
    if (this.ports.runs.isRemoved(id)) return
    if (this.ports.runs.get(id)) throw new UserError('CONFLICT', `Run ${id} has not been removed. Remove it first.`)
    throw new UserError('NOT_FOUND', `There is no removed run ${id}. It may have been permanently deleted.`)
  }

  /** Deletes the row first: a clean-up finds files without a row, but a row without files would be a missing run. */
  private async delete(id: string): Promise<void> {
    const { changes, runs, files } = this.ports
    changes.commit(() => runs.remove(id))
    await files.removeRun(id)
  }
}
