import { discardAfter } from './discard.js'
import { toBase64 } from '../../../contract/base64.js'
import { reportedOf } from '../../../contract/metrics.js'
import type { Checkpoint, LogEntry, RunStatus, RunSummary } from '../../../contract/runs.js'
import { alertOfGradients, alertOfReconstruction } from '../../home/alerts.js'
import { keepEvaluation } from '../../evaluations/keep-evaluation.js'
import { appendPoints } from '../append-points.js'
import { afterEnd, afterStart, describeInterruption } from './run-state.js'
import type { Durations } from './durations.js'
import type { LiveRun } from './live-run.js'
import type { RunControlPorts } from './ports.js'
import type { RunRows } from './run-rows.js'
import type { TrainerOutcome, TrainerReport } from './trainers.js'

type Report<K extends TrainerReport['kind']> = Extract<TrainerReport, { kind: K }>

const RECONSTRUCTION = 'reversibility/reconstructionError'

/** Commits the reports of trainers and publishes them. */
export class TrainerReports {
  constructor(
    private readonly ports: RunControlPorts,
    private readonly rows: RunRows,
    private readonly durations: Durations,
  ) {}

  /** @throws Error when the report is from an older lease, whose trainer the supervisor then kills */
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
      case 'gradients':
        return this.gradients(live, run, report)
      case 'damaged':
        return this.damaged(live, report)
      case 'evaluation':
        return this.evaluation(live.id, report)
      case 'regions':
        return this.regions(live.id, report)
      case 'histograms':
        return this.histograms(live.id, report)
      case 'ended':
        return this.ended(live, run, report)
    }
  }

  private started(live: LiveRun, run: RunSummary, { step, totalSteps, stepsPerEpoch }: Report<'started'>): void {
    this.rows.apply(live, { status: afterStart(run.status), step: Math.max(run.step, step), totalSteps, stepsPerEpoch })
  }

  private engine(live: LiveRun, { report }: Report<'engine'>): void {
    const { runs } = this.ports
    const record = runs.record(live.id)
    if (record) runs.updateRecord(live.id, { environment: { ...record.environment, engine: report } })
  }

  private points(live: LiveRun, run: RunSummary, report: Report<'points'>): void {
    const { changes, series, alerts } = this.ports
    const first = live.since(report)
    const due = live.rowIsDue
    const tolerance = live.toleranceToWarn
    changes.commit((record) => {
      const { latest, best, added } = appendPoints(
        series,
        run,
        report.series.map(({ key, ...points }) => [key, points] as const),
      )
      added.push(...this.durations.report(live, report))
      const next = this.rows.patch(live.id, {
        step: Math.max(run.step, report.step),
        activeSeconds: live.before.active + report.activeSeconds,
        remainingSeconds: remaining(Math.min(run.totalSteps, live.pauseAt), first, report),
        latest,
        best,
      })
      if (added.length) record({ kind: 'points', runId: live.id, series: added })
      if (due) record({ kind: 'run', run: next })
      const alert =
        // Measured gradient errors say more than the errors of states.
        RECONSTRUCTION in latest && tolerance !== null && !next.gradients
          ? alertOfReconstruction(next, latest[RECONSTRUCTION] ?? NaN, tolerance)
          : null
      if (alert) {
        alerts.add(record, alert)
        live.warned()
      }
    })
    if (due) live.rowPublished()
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
    const { changes, checkpoints, series } = this.ports
    const { step, file, bytes, createdAt, weightsHash, contentHash } = report
    const checkpoint: Checkpoint = {
      runId,
      step,
      file,
      kind: report.checkpoint,
      bytes,
      createdAt,
      metrics: series.at(runId, step),
      weightsHash,
      ...(contentHash !== undefined && { contentHash }),
    }
    changes.commit((record) => {
      checkpoints.put(checkpoint)
      record({ kind: 'checkpoint', checkpoint })
    })
  }

  private gradients(live: LiveRun, run: RunSummary, { worst }: Report<'gradients'>): void {
    const { changes, alerts } = this.ports
    changes.commit((record) => {
      const next = this.rows.patch(live.id, { gradients: worst })
      record({ kind: 'run', run: next })
      const alert = alertOfGradients(next, run.gradients)
      if (alert) alerts.add(record, alert)
    })
    live.rowPublished()
  }

  /** Removes a checkpoint that the trainer could not resume from, and everything after the one that it uses instead. */
  private damaged({ id }: LiveRun, { at, file, reason, goesOnFrom }: Report<'damaged'>): void {
    const { changes, checkpoints, files, log, series } = this.ports
    const message = `${reason}; resuming from the checkpoint at step ${goesOnFrom}; the damaged file was set aside.`
    changes.commit((record) => {
      checkpoints.remove(id, file)
      record({ kind: 'checkpointRemoved', runId: id, file })
      discardAfter(this.ports, id, goesOnFrom)
      record({ kind: 'truncated', runId: id, afterStep: goesOnFrom })
      const entry: LogEntry = { runId: id, at, level: 'warn', message }
      log.append(entry)
      record({ kind: 'log', runId: id, entries: [entry] })
      const run = this.rows.patch(id, { step: goesOnFrom, latest: series.latest(id), best: series.best(id) })
      record({ kind: 'run', run })
    })
    // The file is moved after the commit, because a row without its file would be a missing checkpoint.
    files.setAsideCheckpoint(id, file)
  }

  private evaluation(runId: string, { file, step, at, figures }: Report<'evaluation'>): void {
    const datasetHash = this.ports.runs.record(runId)?.environment.datasetHash ?? null
    keepEvaluation(this.ports, { runId, file, step, at, datasetHash, ...figures })
  }

  private regions(runId: string, { step, size, extent, predicted }: Report<'regions'>): void {
    const { changes, regions } = this.ports
    changes.commit((record) => {
      const found = { runId, step, size, extent, predicted: toBase64(predicted) }
      regions.put(found)
      record({ kind: 'regions', regions: found })
    })
  }

  private histograms(runId: string, { step, bins, parts, values }: Report<'histograms'>): void {
    const { changes, histograms } = this.ports
    changes.commit((record) => {
      const found = { runId, step, bins, parts, values: toBase64(values) }
      histograms.put(found)
      record({ kind: 'histograms', histograms: found })
    })
  }

  private ended(live: LiveRun, run: RunSummary, { outcome, reason, result }: Report<'ended'>): void {
    const whole = result && { ...result, seconds: live.before.active + result.seconds }
    this.rows.settle(live, { ...endOf(live, run, outcome, reason), reported: reportedOf(whole) }, () =>
      this.ports.runs.updateRecord(live.id, { result: whole }),
    )
    live.end()
  }
}

function endOf(
  { closing, why }: LiveRun,
  { status: before, step }: RunSummary,
  outcome: TrainerOutcome,
  reason: string | null,
): { status: RunStatus; reason: string | null } {
  // There was no space or no folder for its last checkpoint. The run itself is sound and can resume from the one before.
  if (outcome === 'failed' && before === 'pausing' && why !== null)
    return { status: 'interrupted', reason: `${why} ${reason ?? ''}`.trim() }
  const status = afterEnd(before, outcome)
  if (closing !== null && (status === 'paused' || status === 'interrupted'))
    return { status: 'interrupted', reason: `${closing}. Resume this run from step ${step}.` }
  if (status === 'interrupted') return { status, reason: describeInterruption(step) }
  return { status, reason: reason ?? (status === 'paused' ? why : null) }
}

/** Estimated seconds until this step, at which the trainer ends, at the pace of this trainer since its first points, including evaluations. */
function remaining(lastStep: number, first: Pick<Report<'points'>, 'step' | 'activeSeconds'>, report: Report<'points'>): number | null {
  const done = report.step - first.step
  const pace = done >= 10 ? (report.activeSeconds - first.activeSeconds) / done : report.medianStepSeconds
  const seconds = Math.max(0, lastStep - report.step) * pace
  return Number.isFinite(seconds) ? seconds : null
}
