import { UserError } from '../contract/errors.js'
import { ACTIVE } from '../contract/runs.js'
import type { Services } from '../contract/services.js'
import type { Changes } from './changes.js'
import type { Clock, HomeFiles, RunStore, SettingsStore } from './ports.js'
import type { RunControl } from './run-control.js'
import { readSettings } from './settings.js'

export interface TrashPorts {
  changes: Changes
  runs: RunStore
  settings: SettingsStore
  files: HomeFiles
  clock: Clock
  control: RunControl
  fault(error: unknown): void
}

const HOUR = 3_600_000
/** Milliseconds between two looks for what is due. */
const LOOK_EVERY = 10 * 60_000

/** Removal of runs that can be undone for a while: until then they are only out of sight. */
export class RunTrash {
  readonly services: Pick<Services['runs'], 'remove' | 'restore' | 'purge' | 'removed'>
  private cancel: (() => void) | null = null
  private purging: Promise<unknown> = Promise.resolve()

  constructor(private readonly ports: TrashPorts) {
    this.services = {
      remove: (id) => this.remove(id),
      restore: async (id) => this.restore(id),
      purge: async (id) => {
        this.find(id)
        await this.purge(id)
      },
      removed: async () => this.ports.runs.removed().map((each) => ({ ...each, goesAt: each.removedAt + this.grace() })),
    }
  }

  /** Deletes what is due, now and from time to time. */
  start(): void {
    const { runs, clock, fault } = this.ports
    const due = runs.removed().filter(({ removedAt }) => removedAt + this.grace() <= clock.now())
    for (const { run } of due) this.purging = this.purging.then(() => this.purge(run.id)).catch(fault)
    this.cancel = clock.after(LOOK_EVERY, () => this.start())
  }

  async close(): Promise<void> {
    this.cancel?.()
    await this.purging
  }

  private grace(): number {
    return readSettings(this.ports.settings)['runs.keepRemovedHours'] * HOUR
  }

  private async remove(id: string): Promise<void> {
    const { changes, runs, clock, control } = this.ports
    const run = control.require(id)
    if (ACTIVE.includes(run.status) || control.isLive(id))
      throw new UserError('CONFLICT', `Run ${id} is ${run.status}: stop it first, then remove it.`)
    changes.commit((record) => {
      // Brought back, it must not start by itself.
      if (run.status === 'queued') runs.update(id, { status: 'stopped', endedAt: clock.now() })
      runs.setRemoved(id, clock.now())
      record({ kind: 'runRemoved', runId: id })
    })
  }

  private restore(id: string) {
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
    if (this.ports.runs.get(id)) throw new UserError('CONFLICT', `Run ${id} is not removed: remove it first.`)
    throw new UserError('NOT_FOUND', `There is no removed run ${id}: it may have been deleted for good meanwhile.`)
  }

  /** The row first: files without a row are found and offered for clean-up, a row without files would be a run that is not there. */
  private async purge(id: string): Promise<void> {
    const { changes, runs, files } = this.ports
    changes.commit(() => runs.remove(id))
    await files.removeRun(id)
  }
}
