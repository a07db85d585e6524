import type { Alert } from '../../contract/alerts.js'
import { obstacleOf } from '../../contract/errors.js'
import { intervalOf, readValue } from '../../contract/metrics.js'
import type { Change } from '../../contract/changes.js'
import { anchorsHelp, describeCheck, gradientVerdict } from '../../contract/gradients.js'
import type { RunStatus, RunSummary } from '../../contract/runs.js'
import type { Changes, Journal } from './changes.js'
import type { Clock } from '../shared/clock.js'

export interface AlertStore {
  add(alert: Omit<Alert, 'id' | 'read'>): Alert
  /** All alerts except those of removed runs, newest first. */
  list(): Alert[]
  markRead(upTo: number): void
}

interface AlertPorts {
  changes: Changes
  journal: Journal
  alerts: AlertStore
  clock: Clock
}

const HOUR = 3_600_000

export type NewAlert = Pick<Alert, 'kind' | 'level' | 'runId' | 'message'>

/** Stores alerts in the same transaction as the change that they report, and publishes both together. */
export class Alerts {
  /** Alerts that could not be stored, such as the one about a full disk, newest first. Their numbers are below those of all others. */
  private unsaved: Alert[] = []

  constructor(private readonly ports: AlertPorts) {}

  /** Alerts, newest first, with the sequence number of the last change that they include. */
  list(): { alerts: Alert[]; seq: number } {
    const { alerts, journal } = this.ports
    return { alerts: [...this.unsaved, ...alerts.list()], seq: journal.last() }
  }

  /** All up to this number. */
  markRead({ upTo }: { upTo: number }): void {
    const { alerts, changes } = this.ports
    changes.commit((record) => {
      alerts.markRead(upTo)
      record({ kind: 'alertsRead', upTo })
    })
  }

  /** Stores an alert inside a commit, with the `record` of that commit. */
  add(record: (change: Change) => void, alert: NewAlert): void {
    record({ kind: 'alert', alert: this.ports.alerts.add({ ...alert, at: this.ports.clock.now() }) })
  }

  /**
   * Stores an alert in a commit of its own, unless the same alert was raised within the last hour, because every short command checks the
   * disk. An alert with a time in the future, after the clock was set back, does not suppress later ones.
   */
  raiseOnce(alert: NewAlert): void {
    const { alerts, clock } = this.ports
    const now = clock.now()
    const isRecent = ({ kind, at }: Alert): boolean => kind === alert.kind && at > now - HOUR && at <= now
    if (![...this.unsaved, ...alerts.list()].some(isRecent)) this.raise(alert)
  }

  /** Stores alerts that could not be stored before. */
  keepUnsaved(): void {
    const kept = this.unsaved
    if (kept.length === 0) return
    this.ports.changes.commit((record) => {
      for (const each of [...kept].reverse()) this.add(record, each)
    })
    this.unsaved = []
  }

  /** Stores an alert in a commit of its own. */
  raise(alert: NewAlert): void {
    const { changes, clock } = this.ports
    try {
      this.keepUnsaved()
      changes.commit((record) => this.add(record, alert))
    } catch (error) {
      if (obstacleOf(error) === null) throw error
      const unsaved: Alert = { ...alert, id: -1 - this.unsaved.length, at: clock.now(), read: false }
      this.unsaved = [unsaved, ...this.unsaved]
      changes.tell({ kind: 'alert', alert: unsaved })
    }
  }
}

/** ", 93.10% test accuracy (checkpoint at step 400, 95% interval 92.59 to 93.58%)"; empty if no test image was evaluated. */
function reportedAccuracy(run: RunSummary): string {
  const value = readValue(run, 'test/accuracy', 'reported')
  if (value === undefined) return ''
  const percent = (fraction: number): string => (fraction * 100).toFixed(2)
  const interval = intervalOf(run, 'test/accuracy', 'reported')
  const about = [
    run.reported?.step == null ? '' : `checkpoint at step ${run.reported.step}`,
    interval ? `95% interval ${percent(interval[0])} to ${percent(interval[1])}%` : '',
  ].filter(Boolean)
  return `, ${percent(value)}% test accuracy${about.length > 0 ? ` (${about.join(', ')})` : ''}`
}

/** The alert for a run that has reached this state; null when a command of the user caused it or the run has not ended. */
export function alertOfEnd(run: RunSummary, status: RunStatus, reason: string | null): NewAlert | null {
  const { id, name, step } = run
  switch (status) {
    case 'finished':
      return {
        kind: 'finished',
        level: 'info',
        runId: id,
        message: `${name} finished after ${step} steps${reportedAccuracy(run)}.`,
      }
    case 'failed':
      return { kind: 'failed', level: 'error', runId: id, message: `${name} failed: ${reason ?? 'the reason is unknown'}` }
    case 'diverged':
      return { kind: 'diverged', level: 'error', runId: id, message: `${name} diverged: ${reason ?? 'its loss is not finite'}` }
    default:
      return null
  }
}

/** The alert for a reconstruction error above the tolerance of the run; NaN is above every tolerance. */
export function alertOfReconstruction({ id, name, step }: RunSummary, error: number, tolerance: number): NewAlert | null {
  if (error <= tolerance) return null
  const found = `At step ${step}, the reconstruction error of ${name} is ${error.toExponential(1)}`
  const message = `${found}, above its tolerance of ${tolerance.toExponential(0)}. Its gradients may be wrong.`
  return { kind: 'reconstruction', level: 'warn', runId: id, message }
}

/** The alert for a run whose gradients are no longer trustworthy; null when they still are, or were not before. */
export function alertOfGradients(
  { id, name, gradients }: Pick<RunSummary, 'id' | 'name' | 'gradients'>,
  before: RunSummary['gradients'],
): NewAlert | null {
  if (!gradients || gradientVerdict(gradients) !== 'not trustworthy' || gradientVerdict(before) === 'not trustworthy') return null
  const remedy = `Stop it, or ${anchorsHelp(gradients) ? 'fork it with anchorEvery: auto' : 'start a new run with a smaller h'}.`
  const message = `The gradients of ${name} are not trustworthy: ${describeCheck(gradients)}. ${remedy}`
  return { kind: 'gradients', level: 'warn', runId: id, message }
}
