import { UserError } from '../../contract/errors.js'
import { ACTIVE, type RemovedRun, type RunSummary } from '../../contract/runs.js'
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

/** Milliseconds between two looks for what is due. */
const LOOK_EVERY = 10 * 60_000

/** Removal of runs that can be undone for a while: until then they are only out of sight. */
export class RunTrash {
  private cancel: (() => void) | null = null
  private purging: Promise<unknown> = Promise.resolve()

  constructor(private readonly ports: TrashPorts) {}

  /** Those that can be brought back, newest removal first. */
  removed(): RemovedRun[] {
    const { runs, openTime } = this.ports
    return runs.removed().map(({ run, removal }) => ({ run, removedAt: removal.at, keptSeconds: Math.max(0, openTime.left(removal)) }))
  }

  /** Deletes a removed run and its files at once and for good. */
  async purge({ id }: { id: string }): Promise<void> {
    this.find(id)
    await this.delete(id)
  }

  /** Deletes what is due, now and from time to time. */
  start(): void {
    const { runs, clock, openTime, fault } = this.ports
    // First, so that an error now is no end of looking.
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
      // Removed runs are then kept for longer.
      this.ports.fault(error)
    }
  }

  /** Out of the list; it can be brought back until Retrace was open for `runs.keepRemovedHours` more, then its files go too. */
  remove({ id }: { id: string }): void {
    const { changes, runs, clock, control, openTime } = this.ports
    const run = control.require(id)
    if (ACTIVE.includes(run.status) || control.isLive(id))
      throw new UserError('CONFLICT', `Run ${id} is ${run.status}. Stop it before removing it.`)
    changes.commit((record) => {
      // Brought back, it must not start by itself.
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

  /** The row first: files without a row are found and offered for clean-up, a row without files would be a run that is not there. */
  private async delete(id: string): Promise<void> {
    const { changes, runs, files } = this.ports
    changes.commit(() => runs.remove(id))
    await files.removeRun(id)
  }
}
