import { UserError } from '../contract/errors.js'
import { ACTIVE_SECONDS } from '../contract/metrics.js'
import { ACTIVE, RESUMABLE, type Checkpoint, type LogEntry, type RunStatus, type RunSummary } from '../contract/runs.js'
import { alertOfEnd, alertOfReconstruction, type Alerts } from './alerts.js'
import type { Changes } from './changes.js'
import { dispensable } from './cleanup.js'
import { packForWire, singlePoint } from './packing.js'
import type {
  CheckpointStore,
  Clock,
  HomeFiles,
  LogStore,
  RunPatch,
  RunStore,
  SeriesStore,
  SettingsStore,
  TrainerExit,
  TrainerHandle,
  TrainerLauncher,
  TrainerReport,
} from './ports.js'
import { readSettings } from './settings.js'
import { afterCommand, afterEnd, afterExit, afterStart, type RunCommand } from './run-state.js'

export interface RunControlPorts {
  changes: Changes
  runs: RunStore
  series: SeriesStore
  log: LogStore
  checkpoints: CheckpointStore
  settings: SettingsStore
  files: HomeFiles
  trainers: TrainerLauncher
  clock: Clock
  alerts: Alerts
  /** Told of what went wrong where nobody waits for an answer. */
  fault(error: unknown): void
}

const RECONSTRUCTION = 'reversibility/reconstructionError'

/** Milliseconds between two publications of the same run's row. */
const ROW_EVERY = 250

/** Milliseconds until the end of a run is written again when the disk refused it. */
const RETRY_AFTER = 5000

/** A trainer at work, from the launch to the end of its process. */
interface Live {
  readonly id: string
  readonly lease: number
  readonly slot: number
  handle: TrainerHandle | null
  /** The run's active seconds before this trainer. */
  readonly before: number
  /** Step at which this trainer began. */
  from: number
  ended: boolean
  /** Ended by `close`, not by the user. */
  closing: boolean
  /** Why Retrace itself pauses it; null when it is the user who does. */
  why: string | null
  readonly tolerance: number
  /** The user has been told of the reconstruction error. */
  warned: boolean
  rowPublishedAt: number
  cancelRow: (() => void) | null
}

/**
 * The queue of runs and the life of each: starts trainers as places become free, commits what they report, and settles every
 * run in the end, whatever became of its trainer.
 */
export class RunControl {
  private readonly live = new Map<string, Live>()
  private closing = false
  private held = false
  private pumping = false
  private settled: (() => void)[] = []
  private readonly admitted = new Set<string>()

  /** @param queue 'run' starts whatever is queued; 'hold' only what is queued through this object from now on */
  constructor(
    private readonly ports: RunControlPorts,
    private readonly queue: 'run' | 'hold' = 'run',
  ) {}

  /** Marks what a host that died left behind, and starts the queue. To be called once, before anything else. */
  recover(): void {
    const { changes, runs, clock } = this.ports
    changes.commit((record) => {
      for (const { id, step } of runs.inStatus(ACTIVE)) {
        const reason = `Retrace ended unexpectedly while this run was active; resume it to go on from its last checkpoint (it was at step ${step}).`
        record({ kind: 'run', run: this.patch(id, { status: 'interrupted', reason, ...IDLE, endedAt: clock.now() }) })
      }
    })
    this.pump()
  }

  /** Starts the run as soon as there is a place for it; it must be queued. */
  admit(id: string): void {
    this.admitted.add(id)
    this.pump()
  }

  /** Starts queued runs, oldest first, while there are free places. */
  private pump(): void {
    // A launch that fails at once frees its place again from inside this loop.
    if (this.closing || this.held || this.pumping) return
    this.pumping = true
    try {
      for (let run = this.next(); run; run = this.next()) this.launch(run)
    } catch (error) {
      // The runs are still queued; the usual cause is a full disk, which may have room later.
      this.ports.fault(error)
      this.ports.clock.after(RETRY_AFTER, () => this.pump())
    } finally {
      this.pumping = false
    }
  }

  private next(): RunSummary | undefined {
    if (this.live.size >= this.places()) return undefined
    return this.ports.runs.inStatus(['queued']).find(({ id }) => !this.live.has(id) && (this.queue === 'run' || this.admitted.has(id)))
  }

  isLive(id: string): boolean {
    return this.live.has(id)
  }

  /** @throws UserError NOT_FOUND, or CONFLICT when the run's state refuses the command */
  command(id: string, command: RunCommand): RunSummary {
    const { changes, runs, clock } = this.ports
    const run = this.require(id)
    const status = afterCommand(run.status, command)
    if (status === null) throw new UserError('CONFLICT', refusal(run, command))
    if (status === run.status) {
      // A host that holds the queue takes a queued run for its own when it is told to resume it.
      if (status === 'queued') this.admit(id)
      return this.require(id)
    }
    const idle = ACTIVE.includes(status) || status === 'queued' ? {} : { ...IDLE, endedAt: run.endedAt ?? clock.now() }
    const changed = changes.commit((record) => {
      if (status === 'queued') runs.enqueue(id)
      const next = this.patch(id, { status, ...idle, ...(status === 'queued' ? { reason: null, endedAt: null } : {}) })
      record({ kind: 'run', run: next })
      return next
    })
    if (status === 'pausing') this.live.get(id)?.handle?.command('pause')
    if (status === 'stopping') this.live.get(id)?.handle?.command('stop')
    if (status !== 'queued') return changed
    this.admit(id)
    return this.require(id)
  }

  /**
   * Stops accepting work and asks every trainer to write a checkpoint and exit; those that have not after `timeout`
   * milliseconds are killed. Their runs are then interrupted, and can be resumed.
   */
  async close(timeout: number): Promise<void> {
    this.closing = true
    for (const live of this.live.values()) {
      const run = this.ports.runs.get(live.id)
      // A run that the user is pausing or stopping keeps that end.
      if (run?.status !== 'starting' && run?.status !== 'running') continue
      live.closing = true
      live.handle?.command('pause')
      try {
        this.apply(live, { status: 'pausing' })
      } catch (error) {
        this.ports.fault(error)
      }
    }
    const cancel = this.ports.clock.after(timeout, () => {
      for (const live of this.live.values()) live.handle?.kill('Retrace was closed and the trainer did not end in time.')
    })
    if (this.live.size > 0) await new Promise<void>((resolve) => this.settled.push(resolve))
    cancel()
  }

  require(id: string): RunSummary {
    const run = this.ports.runs.get(id)
    if (!run) throw new UserError('NOT_FOUND', `There is no run ${id}: look at the list of runs for its id.`)
    return run
  }

  /** The last checkpoint whose file is still there. */
  lastCheckpoint(id: string): Checkpoint | undefined {
    return this.ports.checkpoints.list(id).findLast(({ file }) => this.ports.files.hasCheckpoint(id, file))
  }

  /** Looks at the queue again, because a setting has changed. */
  reconsider(): void {
    this.pump()
  }

  /** Whether queued runs wait whatever places there are. */
  hold(held: boolean): void {
    this.held = held
    this.pump()
  }

  /** Pauses every run at work, for a reason that is not the user's; answers how many. */
  pauseAll(why: string): number {
    let paused = 0
    for (const live of this.live.values()) {
      const status = this.ports.runs.get(live.id)?.status
      if (live.ended || (status !== 'starting' && status !== 'running')) continue
      live.why = why
      this.command(live.id, 'pause')
      paused++
    }
    return paused
  }

  /**
   * Discards what a run that has ended has done, and queues it from its beginning.
   *
   * @throws UserError NOT_FOUND, or CONFLICT when it has not ended, or has finished
   */
  retry(id: string): RunSummary {
    const { changes, runs, series, checkpoints, files, trainers } = this.ports
    const run = this.require(id)
    if (run.status === 'finished') throw new UserError('CONFLICT', `Run ${id} has finished: run it again as a new run instead.`)
    if (!RESUMABLE.includes(run.status) || this.live.has(id))
      throw new UserError('CONFLICT', `Run ${id} is ${run.status}: wait until it has ended, then retry it.`)
    const old = checkpoints.list(id)
    changes.commit((record) => {
      series.truncateAfter(id, -1)
      record({ kind: 'truncated', runId: id, afterStep: -1 })
      for (const { file } of old) {
        checkpoints.remove(id, file)
        record({ kind: 'checkpointRemoved', runId: id, file })
      }
      runs.updateRecord(id, { result: null })
      runs.enqueue(id)
      const anew = { step: 0, activeSeconds: 0, latest: {}, startedAt: null, endedAt: null, reason: null, archived: false }
      record({ kind: 'run', run: this.patch(id, { status: 'queued', ...IDLE, ...anew }) })
    })
    // After the commit: files without a row are clean-up's, a row without its file would be a checkpoint that is not there.
    for (const { file } of old) files.removeCheckpoint(id, file)
    const left = trainers.leftBehind(files.checkpointFolder(id), run.lease)
    if (left) files.removeCheckpoint(id, left.file)
    this.admit(id)
    return this.require(id)
  }

  private places(): number {
    return readSettings(this.ports.settings)['queue.concurrentRuns']
  }

  private freeSlot(): number {
    const taken = new Set([...this.live.values()].map(({ slot }) => slot))
    let slot = 0
    while (taken.has(slot)) slot++
    return slot
  }

  /** Takes over the checkpoint that the run's last trainer wrote after its host had died. */
  private adopt({ id, lease, step }: RunSummary): void {
    const { changes, series, checkpoints, files, trainers } = this.ports
    const found = lease > 0 ? trainers.leftBehind(files.checkpointFolder(id), lease) : null
    if (!found || checkpoints.list(id).some(({ file }) => file === found.file)) return
    const { series: reported, ...file } = found
    changes.commit((record) => {
      const added = reported.flatMap(({ key, ...points }) => {
        const appended = series.append(id, key, points)
        return appended.values.length > 0 ? [{ key, points: packForWire(appended) }] : []
      })
      if (added.length > 0) record({ kind: 'points', runId: id, series: added })
      const checkpoint: Checkpoint = { runId: id, ...file, kind: 'stop', metrics: series.latest(id) }
      checkpoints.put(checkpoint)
      record({ kind: 'checkpoint', checkpoint })
      record({ kind: 'run', run: this.patch(id, { step: Math.max(step, found.step), latest: series.latest(id) }) })
    })
  }

  private launch(run: RunSummary): void {
    const { changes, runs, series, checkpoints, files, trainers, clock } = this.ports
    const { id } = run
    const lease = run.lease + 1
    const record = runs.record(id)
    if (!record) throw new Error(`run ${id} has no record`)
    this.adopt(run)
    const checkpoint = this.lastCheckpoint(id)
    const step = checkpoint?.step ?? 0
    const afterStep = checkpoint?.step ?? -1
    const live: Live = {
      id,
      lease,
      slot: this.freeSlot(),
      handle: null,
      before: run.activeSeconds,
      from: step,
      ended: false,
      closing: false,
      why: null,
      tolerance: record.config.reconstructionTolerance,
      warned: false,
      rowPublishedAt: clock.now(),
      cancelRow: null,
    }
    changes.commit((publish) => {
      series.truncateAfter(id, afterStep)
      for (const { file } of checkpoints.list(id)) if (!files.hasCheckpoint(id, file)) checkpoints.remove(id, file)
      runs.updateRecord(id, { result: null })
      const next = this.patch(id, {
        ...IDLE,
        status: 'starting',
        phase: 'starting',
        reason: null,
        lease,
        step,
        startedAt: run.startedAt ?? clock.now(),
        endedAt: null,
        latest: series.latest(id),
      })
      if (run.lease > 0) publish({ kind: 'truncated', runId: id, afterStep })
      publish({ kind: 'run', run: next })
    })
    this.live.set(id, live)
    try {
      files.prepareRun(id)
      live.handle = trainers.launch(
        {
          runId: id,
          lease,
          config: record.config,
          datasetFolder: files.datasetFolder(run.dataset),
          checkpointFolder: files.checkpointFolder(id),
          logFolder: files.logFolder(id),
          resumeFrom: checkpoint?.file ?? null,
          weightsFrom: record.weightsFile === null ? null : files.weightsPath(id, record.weightsFile),
          slot: live.slot,
          slots: this.places(),
          previousPid: record.pid,
        },
        {
          spawned: (pid) => runs.updateRecord(id, { pid }),
          report: (report) => this.report(live, report),
          exited: (exit) => this.exited(live, exit),
        },
      )
    } catch (error) {
      this.exited(live, { reason: error instanceof Error ? error.message : String(error), overdue: false })
    }
  }

  /** @throws Error when the report is of an older lease: the supervisor then kills its trainer */
  private report(live: Live, report: TrainerReport): void {
    const run = this.require(live.id)
    if (run.lease !== live.lease) throw new Error(`lease ${live.lease} of run ${live.id} has ended; ${run.lease} writes now`)
    if (live.ended) return
    switch (report.kind) {
      case 'points':
        return this.points(live, run, report)
      case 'phase':
        return this.apply(live, { phase: report.phase })
      case 'started':
        live.from = report.step
        return this.apply(live, {
          status: afterStart(run.status),
          step: Math.max(run.step, report.step),
          totalSteps: report.totalSteps,
          stepsPerEpoch: report.stepsPerEpoch,
        })
      case 'engine': {
        const record = this.ports.runs.record(live.id)
        if (record) this.ports.runs.updateRecord(live.id, { environment: { ...record.environment, engine: report.report } })
        return
      }
      case 'log': {
        const { at, level, message } = report
        return this.addLog({ runId: live.id, at, level, message })
      }
      case 'checkpoint':
        return this.addCheckpoint(live.id, report)
      case 'ended':
        return this.ended(live, run, report)
    }
  }

  private points(live: Live, run: RunSummary, report: Extract<TrainerReport, { kind: 'points' }>): void {
    const { changes, series, clock } = this.ports
    const due = clock.now() - live.rowPublishedAt >= ROW_EVERY
    changes.commit((record) => {
      const latest = { ...run.latest }
      const added = report.series.flatMap(({ key, ...reported }) => {
        const points = series.append(live.id, key, reported)
        const last = points.values.at(-1)
        if (last === undefined) return []
        latest[key] = last
        return [{ key, points: packForWire(points) }]
      })
      const activeSeconds = live.before + report.activeSeconds
      const clocked = series.append(live.id, ACTIVE_SECONDS, singlePoint(report.step, activeSeconds, clock.now()))
      if (clocked.steps.length) added.push({ key: ACTIVE_SECONDS, points: packForWire(clocked) })
      const next = this.patch(live.id, {
        step: Math.max(run.step, report.step),
        activeSeconds,
        remainingSeconds: remaining(run, live, report),
        latest,
      })
      if (added.length) record({ kind: 'points', runId: live.id, series: added })
      if (due) record({ kind: 'run', run: next })
      const alert =
        RECONSTRUCTION in latest && !live.warned ? alertOfReconstruction(next, latest[RECONSTRUCTION] ?? NaN, live.tolerance) : null
      if (alert) {
        this.ports.alerts.add(record, alert)
        live.warned = true
      }
    })
    if (due) this.rowPublished(live)
    else this.publishRowSoon(live)
  }

  private addLog(entry: LogEntry): void {
    const { changes, log } = this.ports
    changes.commit((record) => {
      log.append(entry)
      record({ kind: 'log', runId: entry.runId, entries: [entry] })
    })
  }

  private addCheckpoint(runId: string, report: Extract<TrainerReport, { kind: 'checkpoint' }>): void {
    const { changes, checkpoints } = this.ports
    const { step, file, bytes, createdAt, metrics, weightsHash } = report
    const checkpoint: Checkpoint = { runId, step, file, kind: report.checkpoint, bytes, createdAt, metrics, weightsHash }
    changes.commit((record) => {
      checkpoints.put(checkpoint)
      record({ kind: 'checkpoint', checkpoint })
    })
  }

  private ended(live: Live, run: RunSummary, { outcome, reason, result }: Extract<TrainerReport, { kind: 'ended' }>): void {
    const status = afterEnd(run.status, outcome)
    const end =
      live.closing && status === 'paused'
        ? ({ status: 'interrupted', reason: `Retrace was closed; resume this run to go on from step ${run.step}.` } as const)
        : { status, reason: reason ?? (status === 'paused' ? live.why : null) }
    this.settle(live, end, () => this.ports.runs.updateRecord(live.id, { result }))
    live.ended = true
  }

  /** The trainer's process is gone: its place is free, and a run that it has not settled is settled here. */
  private exited(live: Live, exit: TrainerExit): void {
    const { runs, clock } = this.ports
    live.cancelRow?.()
    live.cancelRow = null
    const run = runs.get(live.id)
    if (run && run.lease === live.lease) {
      try {
        if (live.ended) runs.updateRecord(live.id, { pid: null })
        else
          this.settle(live, { status: endOf(live, run.status, exit), reason: reasonOf(live, exit) }, () =>
            runs.updateRecord(live.id, { pid: null }),
          )
      } catch (error) {
        // What is not written looks as if the trainer still worked: written later, or else at the next start by `recover`.
        this.ports.fault(error)
        if (!this.closing) {
          clock.after(RETRY_AFTER, () => this.exited(live, exit))
          return
        }
      }
    }
    this.live.delete(live.id)
    if (run?.status === 'finished') this.thin(run)
    if (this.live.size === 0) for (const resolve of this.settled.splice(0)) resolve()
    this.pump()
  }

  /** Deletes the checkpoints of a finished run that the setting does not keep. */
  private thin(run: RunSummary): void {
    const { changes, checkpoints, files, settings, fault } = this.ports
    if (readSettings(settings)['runs.keepCheckpoints'] === 'all') return
    try {
      const goes = dispensable(run, checkpoints.list(run.id), { best: true, last: true, pinned: true, leftovers: false })
      if (goes.length === 0) return
      changes.commit((record) => {
        for (const { file } of goes) {
          checkpoints.remove(run.id, file)
          record({ kind: 'checkpointRemoved', runId: run.id, file })
        }
      })
      for (const { file } of goes) files.removeCheckpoint(run.id, file)
    } catch (error) {
      // They are too many then, which harms nothing; a clean-up can still delete them.
      fault(error)
    }
  }

  private settle(live: Live, end: { status: RunStatus; reason: string | null }, also: () => void): void {
    live.cancelRow?.()
    live.cancelRow = null
    this.ports.changes.commit((record) => {
      also()
      const run = this.patch(live.id, { ...end, ...IDLE, endedAt: this.ports.clock.now() })
      record({ kind: 'run', run })
      const alert = alertOfEnd(run, end.status, end.reason)
      if (alert) this.ports.alerts.add(record, alert)
    })
  }

  /** Changes the row and publishes it at once. */
  private apply(live: Live, patch: RunPatch): void {
    this.ports.changes.commit((record) => record({ kind: 'run', run: this.patch(live.id, patch) }))
    this.rowPublished(live)
  }

  private patch(id: string, patch: RunPatch): RunSummary {
    this.ports.runs.update(id, patch)
    return this.require(id)
  }

  private rowPublished(live: Live): void {
    live.cancelRow?.()
    live.cancelRow = null
    live.rowPublishedAt = this.ports.clock.now()
  }

  /** So that the row does not stay behind when the next points take long. */
  private publishRowSoon(live: Live): void {
    live.cancelRow ??= this.ports.clock.after(ROW_EVERY, () => {
      live.cancelRow = null
      const run = this.ports.runs.get(live.id)
      if (run && run.lease === live.lease && !live.ended) this.apply(live, {})
    })
  }
}

/** What no run has without a trainer. */
const IDLE = { phase: null, remainingSeconds: null } as const

function endOf(live: Live, status: RunStatus, exit: TrainerExit): RunStatus {
  if (live.closing) return 'interrupted'
  return afterExit(status, exit)
}

function reasonOf(live: Live, { reason }: TrainerExit): string | null {
  if (live.closing) return 'Retrace was closed; resume this run to go on from its last checkpoint.'
  return live.why ?? reason
}

/** Seconds until the last step, at the pace of this trainer so far, evaluations included. */
function remaining(run: RunSummary, live: Live, report: { step: number; activeSeconds: number; medianStepSeconds: number }): number | null {
  const done = report.step - live.from
  const pace = done >= 10 ? report.activeSeconds / done : report.medianStepSeconds
  const seconds = Math.max(0, run.totalSteps - report.step) * pace
  return Number.isFinite(seconds) ? seconds : null
}

function refusal({ id, status }: RunSummary, command: RunCommand): string {
  const active = ACTIVE.includes(status)
  if (command === 'resume') {
    if (status === 'finished') return `Run ${id} has finished and cannot be resumed: fork it to train on from its last checkpoint.`
    return status === 'starting' || status === 'running'
      ? `Run ${id} is ${status} already.`
      : `Run ${id} is ${status}: wait until it has ended, then resume it.`
  }
  return active
    ? `Run ${id} is ${status} already: wait until it has ended.`
    : `Run ${id} cannot be ${command === 'pause' ? 'paused' : 'stopped'}, because it is ${status} and nothing works on it.`
}
