import { join, relative } from 'node:path'
import type { Change } from '../../../contract/changes.js'
import { obstacleOf, UserError } from '../../../contract/errors.js'
import { ACTIVE, hasConfiguration, RESUMABLE, type Checkpoint, type RunSummary } from '../../../contract/runs.js'
import { ClusterRuns } from './cluster-runs.js'
import { Durations } from './durations.js'
import { endOf } from './end-of.js'
import { Launch } from './launch.js'
import type { LiveRun } from './live-run.js'
import { LiveRuns } from './live-runs.js'
import { nextRun, type Hold } from './next-run.js'
import { requireSameDynamics } from '../own-dynamics.js'
import type { RunControlPorts } from './ports.js'
import { queueAnew } from './retry.js'
import { rewindTo } from './rewind.js'
import { RunCheckpoints } from './run-checkpoints.js'
import { IDLE, RunRows } from './run-rows.js'
import { TiedChanges } from './tied-changes.js'
import { trainUntil } from './train-until.js'
import { TrainerReports } from './trainer-reports.js'
import { afterCommand, describeLeft, refusal, waits, type RunCommand } from './run-state.js'
import type { HomeLoss } from '../../home/home-watch.js'
import type { TrainerExit, TrainerReport } from './trainers.js'

/** Milliseconds until the end of a run is stored again after the disk refused it. */
const RETRY_AFTER = 5000

/**
 * Runs the queue: starts trainers as slots become free, commits their reports, and brings every run to an end state, whatever happens to its
 * trainer.
 */
export class RunControl {
  private readonly live = new LiveRuns()
  private readonly rows: RunRows
  private readonly checkpoints: RunCheckpoints
  private readonly launcher: Launch
  private readonly reports: TrainerReports
  private readonly cluster: ClusterRuns
  private readonly ports: RunControlPorts
  private readonly listener = {
    report: (from: LiveRun, report: TrainerReport): void => this.reports.receive(from, report),
    exited: (from: LiveRun, exit: TrainerExit): void => this.exited(from, exit),
  }
  private closing = false
  private readonly holds = new Set<Hold>()
  private pumping = false
  private settled: (() => void)[] = []
  private readonly admitted = new Set<string>()

  /** @param queue 'run' starts everything that is queued; 'hold' only what is queued through this object from now on */
  constructor(
    given: RunControlPorts,
    private readonly queue: 'run' | 'hold' = 'run',
  ) {
    const tied = new TiedChanges(given.changes)
    const ports = (this.ports = { ...given, changes: tied })
    this.rows = new RunRows(ports)
    this.checkpoints = new RunCheckpoints(ports, this.rows)
    const durations = new Durations(ports)
    this.cluster = new ClusterRuns(ports, this.rows, durations, tied)
    this.launcher = new Launch(ports, this.rows, this.checkpoints, durations, this.cluster)
    this.reports = new TrainerReports(ports, this.rows, durations)
  }

  /** Settles the runs that a dead host left behind, and starts the queue. Must be called once, before anything else. */
  recover(): void {
    const { changes, runs, clock } = this.ports
    const left = runs.inStatus(ACTIVE).filter((run) => !this.cluster.reattach(run, this.live, this.listener))
    changes.commit((record) => {
      for (const run of left) {
        const left = { status: 'interrupted', reason: describeLeft(run), ...IDLE, endedAt: clock.now() } as const
        record({ kind: 'run', run: this.rows.patch(run.id, left) })
      }
    })
    for (const { id, pid } of runs.processes()) this.outlived(id, pid).catch(this.ports.fault)
    this.pump()
  }

  /** Waits for a trainer that outlived its host, and adopts its last checkpoint. */
  private async outlived(id: string, pid: number): Promise<void> {
    const { runs, trainers } = this.ports
    await trainers.ended(pid, id)
    // A run that was restarted in the meantime has waited for its trainer itself.
    if (this.closing || this.live.has(id) || runs.record(id)?.pid !== pid) return
    const run = runs.get(id)
    if (run && RESUMABLE.includes(run.status)) this.checkpoints.adopt(run)
    runs.updateRecord(id, { pid: null })
  }

  /** Starts these queued runs as soon as there are free slots. */
  admit(...ids: string[]): void {
    for (const id of ids) this.admitted.add(id)
    this.pump()
  }

  /** Number of active trainers on this machine. */
  get working(): number {
    return this.live.here
  }

  isLive(id: string): boolean {
    return this.live.has(id)
  }

  /** @throws UserError NOT_FOUND */
  require(id: string): RunSummary {
    return this.rows.require(id)
  }

  /** The last checkpoint whose file exists. */
  lastCheckpoint(id: string): Checkpoint | undefined {
    return this.checkpoints.last(id)
  }

  /** Checks the queue again after a change of settings. */
  reconsider(): void {
    this.pump()
  }

  /** Resolves when no trainer is active on this machine. */
  async idle(): Promise<void> {
    if (this.working > 0) await new Promise<void>((resolve) => this.settled.push(resolve))
  }

  /** Holds the queue, even if there are free slots, until every caller has released its hold. */
  hold(why: Hold, held: boolean): void {
    if (held) this.holds.add(why)
    else this.holds.delete(why)
    this.pump()
  }

  /** @throws UserError NOT_FOUND, or CONFLICT when the run's state refuses the command */
  command(id: string, command: RunCommand): RunSummary {
    const { changes, runs, clock } = this.ports
    const run = this.require(id)
    const status = hasConfiguration(run) ? afterCommand(run.status, command) : null
    if (status === null) throw new UserError('CONFLICT', refusal(run, command))
    if (status === run.status) {
      // A host that holds the queue adopts a queued run when it is asked to resume it.
      if (status === 'queued') this.admit(id)
      return this.require(id)
    }
    if (status === 'queued') requireSameDynamics(this.ports, id)
    const idle = ACTIVE.includes(status) || status === 'queued' ? {} : { ...IDLE, endedAt: run.endedAt ?? clock.now() }
    const changed = changes.commit((record) => {
      if (status === 'queued') runs.enqueue(id)
      // A user who resumes a waiting run wants it to be trained to its end.
      if (status === 'queued' && waits(run, runs.record(id))) runs.updateRecord(id, { pauseAt: null })
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

  /** See `trainUntil`; the caller admits the run after its commit. */
  trainUntil(id: string, pauseAt: number | null, record: (change: Change) => void): void {
    trainUntil(this.ports, this.rows, id, pauseAt, record)
  }

  /** Resumes from an earlier checkpoint and discards everything after it; `rewindTo` says what is refused. */
  resumeFrom(id: string, step: number): RunSummary {
    requireSameDynamics(this.ports, id)
    rewindTo(this.ports, this.rows, id, step, this.live.has(id))
    return this.command(id, 'resume')
  }

  /** Discards the progress of an ended run and queues it from step 0; `queueAnew` says what is refused. */
  retry(id: string): RunSummary {
    queueAnew(this.ports, this.rows, id, this.live.has(id))
    this.admit(id)
    return this.require(id)
  }

  /** Pauses every active run for a reason other than a command of the user. @returns how many */
  pauseAll(why: string): number {
    let paused = 0
    for (const live of this.live.values()) {
      const status = this.ports.runs.get(live.id)?.status
      if (live.ended || live.onCluster || (status !== 'starting' && status !== 'running')) continue
      live.pausedBecause(why)
      try {
        this.command(live.id, 'pause')
      } catch (error) {
        if (obstacleOf(error) === null) throw error
        // Its row cannot be written now; the answer of the trainer waits until it can.
        live.command('pause')
      }
      paused++
    }
    return paused
  }

  /** Stops starting runs, and makes every trainer write a checkpoint to the present place of the home and exit. */
  leaveHome({ what, folder }: HomeLoss): void {
    const { files } = this.ports
    this.hold('lost', true)
    this.live.detachJobs()
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
   * Stops accepting work and asks every trainer to write a checkpoint and exit. Those still alive after `timeout` milliseconds are killed;
   * their runs are then interrupted and can be resumed.
   */
  async close(timeout: number): Promise<void> {
    this.closing = true
    this.live.detachJobs()
    for (const live of this.live.values()) {
      const run = this.ports.runs.get(live.id)
      // A run that the user is pausing or stopping still ends as paused or stopped.
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

  /** Starts queued runs in order while there are free slots. */
  private pump(): void {
    // A launch that fails immediately frees its slot inside this loop.
    if (this.closing || this.pumping) return
    this.pumping = true
    try {
      for (let next = this.next(); next; next = this.next()) this.start(next.run, next.device)
    } catch (error) {
      // The runs stay queued; the usual cause is a full disk, which may have space later.
      this.ports.fault(error)
      this.ports.clock.after(RETRY_AFTER, () => this.pump())
    } finally {
      this.pumping = false
    }
  }

  private next(): ReturnType<typeof nextRun> {
    return nextRun(this.ports, this.live, this.holds, this.queue === 'run' ? null : this.admitted)
  }

  private start(run: RunSummary, device: string | null): void {
    const live = this.launcher.prepare(run, { slot: this.live.freeSlot(), device })
    this.live.set(run.id, live)
    this.launcher.begin(run, live, this.listener)
  }

  /** The process of a trainer has exited: frees its slot, and settles its run unless the trainer has reported its end. */
  private exited(live: LiveRun, exit: TrainerExit): void {
    const { runs, clock, jobs } = this.ports
    live.cancelRow()
    let run: RunSummary | undefined
    try {
      run = runs.get(live.id)
      if (run && run.lease === live.lease) {
        const forget = (): void => {
          runs.updateRecord(live.id, { pid: null })
          if (live.onCluster) jobs.update(live.id, { endedAt: clock.now() })
        }
        if (live.ended) forget()
        else if (exit.again && run.status === 'starting') this.rows.queueAgain(live, forget)
        else this.rows.settle(live, endOf(live, run.status, exit), forget)
      }
    } catch (error) {
      // Until the end is stored, the trainer seems to be active. It is stored later, or by `recover` at the next start.
      this.ports.fault(error)
      if (!this.closing) {
        clock.after(RETRY_AFTER, () => this.exited(live, exit))
        return
      }
    }
    this.live.delete(live.id)
    if (run?.status === 'finished') this.checkpoints.thin(run)
    if (this.working === 0) for (const resolve of this.settled.splice(0)) resolve()
    this.pump()
  }
}
