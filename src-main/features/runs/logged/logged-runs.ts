import { RunConfigSchema } from '../../../contract/config.js'
import { elsewhereRun } from '../../../contract/elsewhere-run.js'
import { UserError } from '../../../contract/errors.js'
import type { LoggedEnd, LoggedHead, LoggedMessage, LoggedValues } from '../../../contract/logged-runs.js'
import { reportedOf, type Points } from '../../../contract/metrics.js'
import { LOGGED, type LogEntry, type RunStatus, type RunSummary } from '../../../contract/runs.js'
import { alertOfEnd, type Alerts } from '../../home/alerts.js'
import type { Changes } from '../../home/changes.js'
import type { Clock } from '../../shared/clock.js'
import { newId } from '../../shared/ids.js'
import { appendPoints } from '../append-points.js'
import { firstLine } from '../first-line.js'
import type { LogStore } from '../log-store.js'
import type { RunStore } from '../run-store.js'
import type { SeriesStore } from '../series-store.js'

export interface LoggedPorts {
  changes: Changes
  runs: RunStore
  series: SeriesStore
  log: LogStore
  clock: Clock
  alerts: Alerts
  fault(error: unknown): void
}

/** Maximum number of series of a run, the same as for imported event files. */
const MOST_SERIES = 2000
/** States in which a run accepts values: an interrupted one continues. */
const OPEN: readonly RunStatus[] = ['running', 'interrupted']
/** Milliseconds without data after which a run no longer counts as running, and interval of the checks for such runs. */
const SILENT_AFTER = 10 * 60_000
const LOOK_EVERY = 60_000
const SILENT = 'The program that logs it has been silent for 10 minutes. The run continues when it logs again.'

/** Work in the same transaction in which data of a run are stored. */
type Also = () => void

/**
 * Runs that other programs train and log into the home. They have no trainer and no checkpoints; their data are stored, published and
 * compared like those reported by trainers.
 */
export class LoggedRuns {
  /** When data of each run last arrived, in monotonic milliseconds. */
  private readonly heard = new Map<string, number>()
  private cancel: Also | null = null

  constructor(private readonly ports: LoggedPorts) {}

  start(): void {
    this.look()
  }

  async close(): Promise<void> {
    this.cancel?.()
  }

  begin(head: LoggedHead, also: (run: RunSummary) => void = () => undefined): RunSummary {
    const { changes, runs } = this.ports
    const id = newId()
    const { name, tags, notes, dataset, config } = head
    const startedAt = this.time(head)
    const seed = RunConfigSchema.shape.seed.safeParse(config['seed'])
    const run = elsewhereRun({
      id, name, preset: LOGGED, dataset, status: 'running', startedAt, endedAt: null, step: 0, totalSteps: head.steps ?? 0, tags, notes,
      ...(seed.success && config['seed'] !== undefined ? { seed: seed.data } : {}),
    }) // prettier-ignore
    const begun = changes.commit((record) => {
      runs.insert({
        summary: { ...run, note: firstLine(notes) },
        config: run.config,
        environment: { ...run.environment, logged: config },
        weightsFile: null,
      })
      runs.updateRecord(id, { notes })
      const made = this.require(id)
      record({ kind: 'run', run: made })
      also(made)
      return made
    })
    this.hear(id)
    return begun
  }

  /**
   * Adds values and messages in their order. A value whose step is not above the last one of its series is dropped, so that repeating a
   * call changes nothing.
   * @returns the number of values dropped
   * @throws UserError NOT_FOUND, CONFLICT when the run has ended, BAD_INPUT beyond 2000 series
   */
  add(id: string, parts: readonly (LoggedValues | LoggedMessage)[], also: Also = () => undefined): { run: RunSummary; ignored: number } {
    const { changes, log, runs, series } = this.ports
    const before = this.requireOpen(id)
    const entries = parts.flatMap((part): LogEntry[] =>
      'message' in part ? [{ runId: id, at: this.time(part), level: part.level, message: part.message }] : [],
    )
    const values = parts.flatMap((part) => ('values' in part ? [{ ...part, at: this.time(part) }] : []))
    const keys = new Set(series.counts(id).map(({ key }) => key))
    for (const each of values) for (const key of Object.keys(each.values)) keys.add(key)
    if (keys.size > MOST_SERIES) throw new UserError('BAD_INPUT', `Run ${id} would have more than ${MOST_SERIES} series. Log fewer keys.`)
    const told = changes.commit((record) => {
      const { latest, best, added, ignored } = appendPoints(series, before, pointsOf(values))
      for (const entry of entries) log.append(entry)
      const step = values.reduce((most, each) => Math.max(most, each.step), before.step)
      const at = Math.max(...values.map((each) => each.at), ...entries.map((each) => each.at))
      runs.update(id, {
        status: 'running',
        reason: null,
        endedAt: null,
        step,
        totalSteps: before.totalSteps && Math.max(before.totalSteps, step),
        activeSeconds: Math.max(before.activeSeconds, (at - (before.startedAt ?? at)) / 1000),
        latest,
        best,
      })
      const run = this.require(id)
      if (added.length > 0) record({ kind: 'points', runId: id, series: added })
      if (entries.length > 0) record({ kind: 'log', runId: id, entries })
      record({ kind: 'run', run })
      also()
      return { run, ignored }
    })
    this.hear(id)
    return told
  }

  /** @throws UserError NOT_FOUND, CONFLICT when it has ended already */
  end(id: string, end: LoggedEnd, also: Also = () => undefined): RunSummary {
    const { alerts, changes, runs } = this.ports
    const before = this.requireOpen(id)
    const endedAt = this.time(end)
    const { testAccuracy = null, testLoss = null, images = null } = end
    const seconds = Math.max(before.activeSeconds, (endedAt - (before.startedAt ?? endedAt)) / 1000)
    // There are no weights to hash.
    const result = { testAccuracy, testLoss, images, step: before.step, weightsHash: '', seconds }
    const known = testAccuracy !== null || testLoss !== null
    const ended = changes.commit((record) => {
      if (known) runs.updateRecord(id, { result })
      const reported = known ? reportedOf(result) : null
      // The length of a finished run is the number of steps that it reached.
      const totalSteps = end.end === 'finished' ? before.step : before.totalSteps
      runs.update(id, { status: end.end, reason: end.reason, endedAt, activeSeconds: seconds, reported, totalSteps })
      const run = this.require(id)
      record({ kind: 'run', run })
      const alert = alertOfEnd(run, run.status, run.reason)
      if (alert) alerts.add(record, alert)
      also()
      return run
    })
    this.heard.delete(id)
    return ended
  }

  /** Marks a run as interrupted, because no more is known about it for now. */
  interrupt(id: string, reason: string): void {
    const { changes, clock, runs } = this.ports
    if (runs.get(id)?.status !== 'running') return
    changes.commit((record) => {
      runs.update(id, { status: 'interrupted', reason, endedAt: clock.now() })
      record({ kind: 'run', run: this.require(id) })
    })
    this.heard.delete(id)
  }

  private hear(id: string): void {
    this.heard.set(id, this.ports.clock.elapsed())
  }

  private look(): void {
    const { clock, fault } = this.ports
    try {
      for (const [id, at] of this.heard) if (clock.elapsed() - at >= SILENT_AFTER) this.interrupt(id, SILENT)
    } catch (error) {
      // The next check tries again.
      fault(error)
    }
    this.cancel = clock.after(LOOK_EVERY, () => this.look())
  }

  /** In milliseconds; now if none is given. */
  private time({ time }: { time?: number | undefined }): number {
    return time === undefined ? this.ports.clock.now() : time * 1000
  }

  /** @throws UserError NOT_FOUND */
  private require(id: string): RunSummary {
    const run = this.ports.runs.get(id)
    if (run?.preset === LOGGED) return run
    throw new UserError('NOT_FOUND', `There is no run ${id} logged by another program. Start one and use its id.`)
  }

  private requireOpen(id: string): RunSummary {
    const run = this.require(id)
    if (OPEN.includes(run.status)) return run
    throw new UserError('CONFLICT', `Run ${id} has ended (${run.status}) and takes no more values. Begin another run.`)
  }
}

/** Values as series, in the order in which they were logged. */
function pointsOf(values: readonly (LoggedValues & { at: number })[]): Map<string, Points> {
  const growing = new Map<string, { steps: number[]; values: number[]; times: number[] }>()
  for (const { step, at, values: some } of values)
    for (const [key, value] of Object.entries(some)) {
      let points = growing.get(key)
      if (!points) growing.set(key, (points = { steps: [], values: [], times: [] }))
      points.steps.push(step)
      points.values.push(value)
      points.times.push(at)
    }
  return new Map(
    [...growing].map(([key, { steps, values: numbers, times }]) => [
      key,
      { steps: Float64Array.from(steps), values: Float64Array.from(numbers), times: Float64Array.from(times) },
    ]),
  )
}
