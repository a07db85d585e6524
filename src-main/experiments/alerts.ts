import type { Alert } from '../contract/alerts.js'
import type { Change } from '../contract/changes.js'
import type { RunStatus, RunSummary } from '../contract/runs.js'
import type { Services } from '../contract/services.js'
import type { Changes } from './changes.js'
import type { AlertStore, Clock, Journal } from './ports.js'

interface AlertPorts {
  changes: Changes
  journal: Journal
  alerts: AlertStore
  clock: Clock
}

const HOUR = 3_600_000

export type NewAlert = Pick<Alert, 'kind' | 'level' | 'runId' | 'message'>

/** Stores alerts together with what they tell of: in the same transaction, and published with it. */
export class Alerts {
  readonly services: Services['alerts']

  constructor(private readonly ports: AlertPorts) {
    const { alerts, journal, changes } = ports
    this.services = {
      list: async () => ({ alerts: alerts.list(), seq: journal.last() }),
      async markRead(upTo) {
        changes.commit((record) => {
          alerts.markRead(upTo)
          record({ kind: 'alertsRead', upTo })
        })
      },
    }
  }

  /** Inside a commit, with its `record`. */
  add(record: (change: Change) => void, alert: NewAlert): void {
    record({ kind: 'alert', alert: this.ports.alerts.add({ ...alert, at: this.ports.clock.now() }) })
  }

  /** On its own, unless the same was told in the last hour: every short command looks at the disk. */
  raiseOnce(alert: NewAlert): void {
    const { alerts, clock } = this.ports
    if (!alerts.list().some(({ kind, at }) => kind === alert.kind && at > clock.now() - HOUR)) this.raise(alert)
  }

  /** On its own. */
  raise(alert: NewAlert): void {
    this.ports.changes.commit((record) => this.add(record, alert))
  }
}

const percent = (value: number | undefined): string => (value === undefined ? '' : `, ${(value * 100).toFixed(2)}% test accuracy`)

/** What to tell of a run that has come to this state; null when the user has brought it there, or it is on its way. */
export function alertOfEnd({ id, name, latest, step }: RunSummary, status: RunStatus, reason: string | null): NewAlert | null {
  switch (status) {
    case 'finished':
      return {
        kind: 'finished',
        level: 'info',
        runId: id,
        message: `${name} has finished after ${step} steps${percent(latest['test/accuracy'])}.`,
      }
    case 'failed':
      return { kind: 'failed', level: 'error', runId: id, message: `${name} has failed: ${reason ?? 'no reason is known'}` }
    case 'diverged':
      return { kind: 'diverged', level: 'error', runId: id, message: `${name} has diverged: ${reason ?? 'its loss is not finite'}` }
    default:
      return null
  }
}

/** The alert for rebuilt states that are off by more than the run tolerates; NaN is more than anything. */
export function alertOfReconstruction({ id, name, step }: RunSummary, error: number, tolerance: number): NewAlert | null {
  if (error <= tolerance) return null
  const found = `${name} rebuilds states that are off by ${error.toExponential(1)} (relative) at step ${step}`
  const message = `${found}, more than its tolerance of ${tolerance.toExponential(0)}: its gradients may be wrong.`
  return { kind: 'reconstruction', level: 'warn', runId: id, message }
}
