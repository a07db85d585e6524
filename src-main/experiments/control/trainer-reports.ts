import { ACTIVE_SECONDS, bestOf } from '../../contract/metrics.js'
import type { Checkpoint, LogEntry, RunSummary } from '../../contract/runs.js'
import { alertOfReconstruction } from '../alerts.js'
import { keepEvaluation } from '../evaluations.js'
import { packForWire, singlePoint } from '../packing.js'
import type { TrainerReport } from '../ports.js'
import { afterEnd, afterStart } from '../run-state.js'
import type { LiveRun, RunControlPorts } from './ports.js'
import type { RunRows } from './run-rows.js'

type Report<K extends TrainerReport['kind']> = Extract<TrainerReport, { kind: K }>

const RECONSTRUCTION = 'reversibility/reconstructionError'

/** Commits what trainers report, and then publishes it. */
export class TrainerReports {
  constructor(
    private readonly ports: RunControlPorts,
    private readonly rows: RunRows,
  ) {}

  /** @throws Error when the report is of an older lease: the supervisor then kills its trainer */
  receive(live: LiveRun, report: TrainerReport): void {
    const run = this.rows.require(live.id)
    if (run.lease !== live.lease) throw new Error(`lease ${live.lease} of run ${live.id} has ended; ${run.lease} writes now`)
    if (live.ended) return
    switch (report.kind) {
      case 'points':
        return this.points(live, run, report)
      case 'phase':
        return this.rows.apply(live, { phase: report.phase })
      case 'started':
        return this.started(live, run, report)
      case 'engine':
        return this.engine(live, report)
      case 'log': {
        const { at, level, message } = report
        return this.log({ runId: live.id, at, level, message })
      }
      case 'checkpoint':
        return this.checkpoint(live.id, report)
      case 'evaluation':
        return this.evaluation(live.id, report)
      case 'ended':
        return this.ended(live, run, report)
    }
  }

  private started(live: LiveRun, run: RunSummary, { step, totalSteps, stepsPerEpoch }: Report<'started'>): void {
    live.from = step
    this.rows.apply(live, { status: afterStart(run.status), step: Math.max(run.step, step), totalSteps, stepsPerEpoch })
  }

  private engine(live: LiveRun, { report }: Report<'engine'>): void {
    const { runs } = this.ports
    const record = runs.record(live.id)
    if (record) runs.updateRecord(live.id, { environment: { ...record.environment, engine: report } })
  }

  private points(live: LiveRun, run: RunSummary, report: Report<'points'>): void {
    const { changes, series, clock, alerts } = this.ports
    const due = this.rows.due(live)
    changes.commit((record) => {
      const latest = { ...run.latest }
      const best = { ...run.best }
      const added = report.series.flatMap(({ key, ...reported }) => {
        const points = series.append(live.id, key, reported)
        const last = points.values.at(-1)
        if (last === undefined) return []
        latest[key] = last
        const better = bestOf(key, best[key], points.values)
        if (better !== undefined) best[key] = better
        return [{ key, points: packForWire(points) }]
      })
      const activeSeconds = live.before + report.activeSeconds
      const clocked = series.append(live.id, ACTIVE_SECONDS, singlePoint(report.step, activeSeconds, clock.now()))
      if (clocked.steps.length) added.push({ key: ACTIVE_SECONDS, points: packForWire(clocked) })
      const next = this.rows.patch(live.id, {
        step: Math.max(run.step, report.step),
        activeSeconds,
        remainingSeconds: remaining(run, live, report),
        latest,
        best,
      })
      if (added.length) record({ kind: 'points', runId: live.id, series: added })
      if (due) record({ kind: 'run', run: next })
      const alert =
        RECONSTRUCTION in latest && !live.warned ? alertOfReconstruction(next, latest[RECONSTRUCTION] ?? NaN, live.tolerance) : null
      if (alert) {
        alerts.add(record, alert)
        live.warned = true
      }
    })
    if (due) this.rows.published(live)
    else this.rows.publishSoon(live)
  }

  private log(entry: LogEntry): void {
    const { changes, log } = this.ports
    changes.commit((record) => {
      log.append(entry)
      record({ kind: 'log', runId: entry.runId, entries: [entry] })
    })
  }

  private checkpoint(runId: string, report: Report<'checkpoint'>): void {
    const { changes, checkpoints } = this.ports
    const { step, file, bytes, createdAt, metrics, weightsHash } = report
    const checkpoint: Checkpoint = { runId, step, file, kind: report.checkpoint, bytes, createdAt, metrics, weightsHash }
    changes.commit((record) => {
      checkpoints.put(checkpoint)
      record({ kind: 'checkpoint', checkpoint })
    })
  }

  private evaluation(runId: string, { file, step, at, figures }: Report<'evaluation'>): void {
    const datasetHash = this.ports.runs.record(runId)?.environment.datasetHash ?? null
    keepEvaluation(this.ports, { runId, file, step, at, datasetHash, ...figures })
  }

  private ended(live: LiveRun, run: RunSummary, { outcome, reason, result }: Report<'ended'>): void {
    const status = afterEnd(run.status, outcome)
    const end =
      live.closing && status === 'paused'
        ? ({ status: 'interrupted', reason: `Retrace was closed; resume this run to go on from step ${run.step}.` } as const)
        : { status, reason: reason ?? (status === 'paused' ? live.why : null) }
    this.rows.settle(live, end, () => this.ports.runs.updateRecord(live.id, { result }))
    live.ended = true
  }
}

/** Seconds until the last step, at the pace of this trainer so far, evaluations included. */
function remaining(run: RunSummary, live: LiveRun, report: Report<'points'>): number | null {
  const done = report.step - live.from
  const pace = done >= 10 ? report.activeSeconds / done : report.medianStepSeconds
  const seconds = Math.max(0, run.totalSteps - report.step) * pace
  return Number.isFinite(seconds) ? seconds : null
}
