import { UserError } from '../../../contract/errors.js'
import type { RunStatus, RunSummary } from '../../../contract/runs.js'
import { alertOfEnd } from '../../home/alerts.js'
import type { LiveRun } from './live-run.js'
import type { RunControlPorts } from './ports.js'
import type { RunPatch } from '../run-store.js'

/** Values that only a run with a trainer has. */
export const IDLE = { phase: null, remainingSeconds: null } as const

/** Changes the rows of runs, and limits how often the changes are published. */
export class RunRows {
  constructor(private readonly ports: Pick<RunControlPorts, 'changes' | 'runs' | 'clock' | 'alerts'>) {}

  /** @throws UserError NOT_FOUND */
  require(id: string): RunSummary {
    const run = this.ports.runs.get(id)
    if (!run) throw new UserError('NOT_FOUND', `There is no run ${id}. The runs table shows the ids.`)
    return run
  }

  /** Changes the row inside a commit of the caller, who publishes it. */
  patch(id: string, patch: RunPatch): RunSummary {
    this.ports.runs.update(id, patch)
    return this.require(id)
  }

  /** Changes the row and publishes it at once. */
  apply(live: LiveRun, patch: RunPatch): void {
    this.ports.changes.commit((record) => record({ kind: 'run', run: this.patch(live.id, patch) }))
    live.rowPublished()
  }

  /** Records the end of a run and everything that belongs to it in one commit, with an alert if the user should know. */
  settle(live: LiveRun, end: { status: RunStatus; reason: string | null } & RunPatch, also: () => void): void {
    live.cancelRow()
    this.ports.changes.commit((record) => {
      also()
      const run = this.patch(live.id, { ...end, ...IDLE, endedAt: this.ports.clock.now() })
      record({ kind: 'run', run })
      const alert = alertOfEnd(run, end.status, end.reason)
      if (alert) this.ports.alerts.add(record, alert)
    })
  }

  /** Puts a run of which nothing has begun back into the queue, in its place. */
  queueAgain(live: LiveRun, also: () => void): void {
    live.cancelRow()
    this.ports.changes.commit((record) => {
      also()
      record({ kind: 'run', run: this.patch(live.id, { status: 'queued', ...IDLE, reason: null, endedAt: null }) })
    })
  }

  /** Publishes the row later, so that it does not stay outdated while the next points take long. */
  publishSoon(live: LiveRun): void {
    live.publishRowSoon(() => {
      const run = this.ports.runs.get(live.id)
      if (run && run.lease === live.lease && !live.ended) this.apply(live, {})
    })
  }
}
