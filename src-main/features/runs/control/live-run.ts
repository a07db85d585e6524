import type { Clock } from '../../shared/clock.js'
import type { TrainerExit, TrainerHandle, TrainerReport } from './trainers.js'

/** Minimum number of milliseconds between two publications of the same row. */
const ROW_EVERY = 250

/** Seconds that trainers worked on a run, and seconds since its start. */
export interface Took {
  active: number
  elapsed: number
}

/** What the pace of a trainer is measured from. */
interface Pace {
  step: number
  activeSeconds: number
}

/** A trainer, from its launch to the end of its process. Only this class changes its state. */
export class LiveRun {
  readonly id: string
  private writes: number
  /** Whether a job of a batch system computes it, which outlives this host. */
  readonly onCluster: boolean
  readonly slot: number
  /** See `TrainerOrder`. */
  readonly device: string | null
  private took: Took
  private readonly clock: Clock
  private handle: TrainerHandle | null = null
  private first: Pace | null = null
  private rowPublishedAt: number
  private cancelRowSoon: (() => void) | null = null
  private known: { ended: boolean; closing: string | null; why: string | null; tolerance: number; warned: boolean; pauseAt: number } = {
    ended: false,
    closing: null,
    why: null,
    tolerance: Infinity,
    warned: false,
    pauseAt: Infinity,
  }

  constructor(run: Pick<LiveRun, 'id' | 'lease' | 'slot' | 'device' | 'before'> & { onCluster?: boolean }, clock: Clock) {
    this.id = run.id
    this.writes = run.lease
    this.onCluster = run.onCluster ?? false
    this.slot = run.slot
    this.device = run.device
    this.took = run.before
    this.clock = clock
    this.rowPublishedAt = clock.elapsed()
  }

  /** The only lease whose reports count. */
  get lease(): number {
    return this.writes
  }

  /** Durations of the run before this trainer; the time since the start includes the pause before it. */
  get before(): Took {
    return this.took
  }

  /** Another attempt computes the run from now on. */
  beginsAnew(lease: number, before: Took): void {
    this.writes = lease
    this.took = before
    this.first = null
  }

  /** Whether the trainer has reported how it ended. */
  get ended(): boolean {
    return this.known.ended
  }

  /** Why it ends without a command of the user, as the beginning of a sentence: "Retrace was closed", or that the home is lost. */
  get closing(): string | null {
    return this.known.closing
  }

  /** Why Retrace pauses it; null when the user does. */
  get why(): string | null {
    return this.known.why
  }

  /** Tolerance of the reconstruction error, above which the user is warned once; null after the warning. */
  get toleranceToWarn(): number | null {
    return this.known.warned ? null : this.known.tolerance
  }

  /** The step at which its trainer pauses by itself; infinite when it trains to the end. */
  get pauseAt(): number {
    return this.known.pauseAt
  }

  /** Sets the step at which the trainer pauses by itself; null trains to the end. */
  pausesAt(step: number | null): void {
    this.known.pauseAt = step ?? Infinity
  }

  /** Sets the tolerance of the configuration. */
  expectTolerance(tolerance: number): void {
    this.known.tolerance = tolerance
  }

  /** Records that the user has been warned of the reconstruction error. */
  warned(): void {
    this.known.warned = true
  }

  attach(handle: TrainerHandle): void {
    this.handle = handle
  }

  command(command: 'pause' | 'stop'): void {
    this.handle?.command(command)
  }

  kill(reason: string): void {
    this.handle?.kill(reason)
  }

  /** Lets the job go on without this host. */
  detach(): void {
    this.cancelRow()
    this.handle?.detach?.()
  }

  /** Pauses it on behalf of Retrace, for this reason. */
  pausedBecause(why: string): void {
    this.known.why = why
  }

  /** Makes the trainer write a checkpoint and exit. @param what the reason, as the beginning of a sentence */
  close(what: string): void {
    this.known.closing = what
    this.command('pause')
  }

  /** Makes the trainer write a checkpoint to the present place of its home, if there is one, and exit. */
  leaveHome(what: string, folder: string | null): void {
    this.known.closing = what
    this.known.why = `${what}.`
    this.handle?.leaveHome(folder)
  }

  end(): void {
    this.known.ended = true
  }

  /** Starts measuring the pace at the first points of this trainer: what came before, such as compiling the step, must not count. */
  since(points: Pace): Pace {
    return (this.first ??= points)
  }

  /** Whether enough time has passed since the row was last published. */
  get rowIsDue(): boolean {
    return this.clock.elapsed() - this.rowPublishedAt >= ROW_EVERY
  }

  rowPublished(): void {
    this.cancelRow()
    this.rowPublishedAt = this.clock.elapsed()
  }

  /** Publishes the row later, so that it does not stay outdated while the next points take long. */
  publishRowSoon(publish: () => void): void {
    this.cancelRowSoon ??= this.clock.after(ROW_EVERY, () => {
      this.cancelRowSoon = null
      publish()
    })
  }

  cancelRow(): void {
    this.cancelRowSoon?.()
    this.cancelRowSoon = null
  }
}

/** Receives what becomes of a run's trainer. */
export interface Listener {
  report(live: LiveRun, report: TrainerReport): void
  exited(live: LiveRun, exit: TrainerExit): void
}
