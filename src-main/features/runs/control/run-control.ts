import { join, relative } from 'node:path'
import { obstacleOf, UserError } from '../../../contract/errors.js'
import { ACTIVE, RESUMABLE, type Checkpoint, type RunStatus, type RunSummary } from '../../../contract/runs.js'
import { Durations } from './durations.js'
import { Launch } from './launch.js'
import type { LiveRun } from './live-run.js'
import type { RunControlPorts } from './ports.js'
import { queueAnew } from './retry.js'
import { rewindTo } from './rewind.js'
import { RunCheckpoints } from './run-checkpoints.js'
import { IDLE, RunRows } from './run-rows.js'
import { TrainerReports } from './trainer-reports.js'
import { afterCommand, afterExit, refusal, type RunCommand } from './run-state.js'
import { readSettings } from '../../home/settings.js'
import type { HomeLoss } from '../../home/home-watch.js'
import type { TrainerExit } from './trainers.js'

/** Milliseconds until the end of a run is written again when the disk refused it. */
const RETRY_AFTER = 5000

/**
 * Why no run is started: the disk is nearly full, or has no room at all, or the speed of the machine or a cell of a study is measured, or the
 * home is lost.
 */
export type Hold = 'disk' | 'full' | 'measurement' | 'study' | 'lost'

/**
 * The queue of runs and the life of each: starts trainers as places become free, commits what they report, and settles every
 * run in the end, whatever became of its trainer.
 */
export class RunControl {
  private readonly live = new Map<string, LiveRun>()
  private readonly rows: RunRows
  private readonly checkpoints: RunCheckpoints
  private readonly launcher: Launch
  private readonly reports: TrainerReports
  private closing = false
  private readonly holds = new Set<Hold>()
  private pumping = false
  private settled: (() => void)[] = []
  private readonly admitted = new Set<string>()

  /** @param queue 'run' starts whatever is queued; 'hold' only what is queued through this object from now on */
  constructor(
    private readonly ports: RunControlPorts,
    private readonly queue: 'run' | 'hold' = 'run',
  ) {
    this.rows = new RunRows(ports)
    this.checkpoints = new RunCheckpoints(ports, this.rows)
    const durations = new Durations(ports)
    this.launcher = new Launch(ports, this.rows, this.checkpoints, durations)
    this.reports = new TrainerReports(ports, this.rows, durations)
  }

  /** Marks what a host that died left behind, and starts the queue. To be called once, before anything else. */
  recover(): void {
    const { changes, runs, clock } = this.ports
    changes.commit((record) => {
      for (const { id, step } of runs.inStatus(ACTIVE)) {
        const reason = `Retrace ended unexpectedly while this run was active (at step ${step}). Resume it from its last checkpoint.`
        record({ kind: 'run', run: this.rows.patch(id, { status: 'interrupted', reason, ...IDLE, endedAt: clock.now() }) })
      }
    })
    for (const { id, pid } of runs.processes()) this.outlived(id, pid).catch(this.ports.fault)
    this.pump()
  }

  /** Sees a trainer that outlived its host to its end, and takes over the checkpoint that it writes last. */
  private async outlived(id: string, pid: number): Promise<void> {
    const { runs, trainers } = this.ports
    await trainers.ended(pid, id)
    // A run that was started again meanwhile has waited for it by itself.
    if (this.closing || this.live.has(id) || runs.record(id)?.pid !== pid) return
    const run = runs.get(id)
    if (run && RESUMABLE.includes(run.status)) this.checkpoints.adopt(run)
    runs.updateRecord(id, { pid: null })
  }

  /** Starts these runs as soon as there is a place for them; they must be queued. */
  admit(...ids: string[]): void {
    for (const id of ids) this.admitted.add(id)
    this.pump()
  }

  /** How many trainers are at work. */
  get working(): number {
    return this.live.size
  }

  isLive(id: string): boolean {
    return this.live.has(id)
  }

  /** @throws UserError NOT_FOUND */
  require(id: string): RunSummary {
    return this.rows.require(id)
  }

  /** The last checkpoint whose file is still there. */
  lastCheckpoint(id: string): Checkpoint | undefined {
    return this.checkpoints.last(id)
  }

  /** Looks at the queue again, because a setting has changed. */
  reconsider(): void {
    this.pump()
  }

  /** Resolves when no trainer is at work. */
  async idle(): Promise<void> {
    if (this.live.size > 0) await new Promise<void>((resolve) => this.settled.push(resolve))
  }

  /** Makes queued runs wait whatever places there are, until each who asked for it lets them go. */
  hold(why: Hold, held: boolean): void {
    if (held) this.holds.add(why)
    else this.holds.delete(why)
    this.pump()
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
      const next = this.rows.patch(id, { status, ...idle, ...(status === 'queued' ? { reason: null, endedAt: null } : {}) })
      record({ kind: 'run', run: next })
      return next
    })
    if (status === 'pausing') this.live.get(id)?.command('pause')
    if (status === 'stopping') this.live.get(id)?.command('stop')
    if (status !== 'queued') return changed
    this.admit(id)
    return this.require(id)
  }

  /** Goes on from an earlier checkpoint, and discards what came after it; see `rewindTo` for what it refuses. */
  resumeFrom(id: string, step: number): RunSummary {
    rewindTo(this.ports, this.rows, id, step, this.live.has(id))
    return this.command(id, 'resume')
  }

  /** Discards what a run that has ended has done, and queues it from its beginning; see `queueAnew` for what it refuses. */
  retry(id: string): RunSummary {
    queueAnew(this.ports, this.rows, id, this.live.has(id))
    this.admit(id)
    return this.require(id)
  }

  /** Pauses every run at work, for a reason that is not the user's; answers how many. */
  pauseAll(why: string): number {
    let paused = 0
    for (const live of this.live.values()) {
      const status = this.ports.runs.get(live.id)?.status
      if (live.ended || (status !== 'starting' && status !== 'running')) continue
      live.pausedBecause(why)
      try {
        this.command(live.id, 'pause')
      } catch (error) {
        if (obstacleOf(error) === null) throw error
        // Its row cannot be written; what it answers waits until it can be.
        live.command('pause')
      }
      paused++
    }
    return paused
  }

  /** Starts nothing any more, and has every trainer write a checkpoint to where the home is now, and end. */
  leaveHome({ what, folder }: HomeLoss): void {
    const { files } = this.ports
    this.hold('lost', true)
    for (const live of this.live.values()) {
      if (live.ended) continue
      const place = relative(files.home, files.checkpointFolder(live.id))
      live.leaveHome(what, folder === null ? null : join(folder, place))
      try {
        this.rows.apply(live, { status: 'pausing' })
      } catch (error) {
        this.ports.fault(error)
      }
    }
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
      live.close('Retrace was closed')
      try {
        this.rows.apply(live, { status: 'pausing' })
      } catch (error) {
        this.ports.fault(error)
      }
    }
    const cancel = this.ports.clock.after(timeout, () => {
      for (const live of this.live.values()) live.kill('Retrace was closed and the trainer did not exit in time.')
    })
    await this.idle()
    cancel()
  }

  /** Starts queued runs, oldest first, while there are free places. */
  private pump(): void {
    // A launch that fails at once frees its place again from inside this loop.
    if (this.closing || this.holds.size > 0 || this.pumping) return
    this.pumping = true
    try {
      for (let run = this.next(); run; run = this.next()) this.start(run)
    } catch (error) {
      // The runs are still queued; the usual cause is a full disk, which may have room later.
      this.ports.fault(error)
      this.ports.clock.after(RETRY_AFTER, () => this.pump())
    } finally {
      this.pumping = false
    }
  }

  private next(): RunSummary | undefined {
    if (this.live.size >= readSettings(this.ports.settings)['queue.concurrentRuns']) return undefined
    return this.ports.runs.inStatus(['queued']).find(({ id }) => !this.live.has(id) && (this.queue === 'run' || this.admitted.has(id)))
  }

  private start(run: RunSummary): void {
    const live = this.launcher.prepare(run, this.freeSlot())
    this.live.set(run.id, live)
    this.launcher.begin(run, live, {
      report: (from, report) => this.reports.receive(from, report),
      exited: (from, exit) => this.exited(from, exit),
    })
  }

  private freeSlot(): number {
    const taken = new Set([...this.live.values()].map(({ slot }) => slot))
    let slot = 0
    while (taken.has(slot)) slot++
    return slot
  }

  /** The trainer's process is gone: its place is free, and a run that it has not settled is settled here. */
  private exited(live: LiveRun, exit: TrainerExit): void {
    const { runs, clock } = this.ports
    live.cancelRow()
    let run: RunSummary | undefined
    try {
      run = runs.get(live.id)
      if (run && run.lease === live.lease) {
        const forget = (): void => runs.updateRecord(live.id, { pid: null })
        if (live.ended) forget()
        else this.rows.settle(live, endOf(live, run.status, exit), forget)
      }
    } catch (error) {
      // What is not written looks as if the trainer still worked: written later, or else at the next start by `recover`.
      this.ports.fault(error)
      if (!this.closing) {
        clock.after(RETRY_AFTER, () => this.exited(live, exit))
        return
      }
    }
    this.live.delete(live.id)
    if (run?.status === 'finished') this.checkpoints.thin(run)
    if (this.live.size === 0) for (const resolve of this.settled.splice(0)) resolve()
    this.pump()
  }
}

function endOf(live: LiveRun, status: RunStatus, exit: TrainerExit): { status: RunStatus; reason: string | null } {
  // Where the home is lost, what its trainer said last may be that it could write no checkpoint.
  if (live.closing !== null && live.why !== null && exit.reason !== null)
    return { status: 'interrupted', reason: `${live.why} ${exit.reason}` }
  if (live.closing !== null) return { status: 'interrupted', reason: `${live.closing}. Resume this run from its last checkpoint.` }
  return { status: afterExit(status, exit), reason: live.why ?? exit.reason }
}
