import type { Clock } from '../../shared/clock.js'
import type { TrainerHandle } from './trainers.js'

/** Milliseconds between two publications of the same run's row. */
const ROW_EVERY = 250

/** Seconds of work on a run, and seconds since its start. */
export interface Took {
  active: number
  elapsed: number
}

/** Points of a trainer, as far as its pace is concerned. */
interface Pace {
  step: number
  activeSeconds: number
}

/** A trainer at work, from the launch to the end of its process. What is known of it is written here alone. */
export class LiveRun {
  readonly id: string
  readonly lease: number
  readonly slot: number
  /** What the run took before this trainer: seconds of work, and seconds since its start, the rest before this trainer included. */
  readonly before: Took
  private readonly clock: Clock
  private handle: TrainerHandle | null = null
  private first: Pace | null = null
  private rowPublishedAt: number
  private cancelRowSoon: (() => void) | null = null
  private known: { ended: boolean; closing: string | null; why: string | null; tolerance: number; warned: boolean } = {
    ended: false,
    closing: null,
    why: null,
    tolerance: Infinity,
    warned: false,
  }

  constructor(run: Pick<LiveRun, 'id' | 'lease' | 'slot' | 'before'>, clock: Clock) {
    this.id = run.id
    this.lease = run.lease
    this.slot = run.slot
    this.before = run.before
    this.clock = clock
    this.rowPublishedAt = clock.elapsed()
  }

  /** Its trainer has reported how it ended. */
  get ended(): boolean {
    return this.known.ended
  }

  /** What ends it though nobody wished its end, as the beginning of a sentence: Retrace was closed, or its home is lost. */
  get closing(): string | null {
    return this.known.closing
  }

  /** Why Retrace itself pauses it; null when it is the user who does. */
  get why(): string | null {
    return this.known.why
  }

  /** Of the reconstruction error, beyond which the user is told once; null when that has been done. */
  get toleranceToWarn(): number | null {
    return this.known.warned ? null : this.known.tolerance
  }

  /** The trainer has this tolerance in its configuration. */
  expectTolerance(tolerance: number): void {
    this.known.tolerance = tolerance
  }

  /** The user has been told of the reconstruction error. */
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

  /** Retrace pauses it, for this reason. */
  pausedBecause(why: string): void {
    this.known.why = why
  }

  /** Has the trainer write a checkpoint and end, because `what` happens, as the beginning of a sentence. */
  close(what: string): void {
    this.known.closing = what
    this.command('pause')
  }

  /** Has the trainer write a checkpoint to where its home is now, if anywhere, and end. */
  leaveHome(what: string, folder: string | null): void {
    this.known.closing = what
    this.known.why = `${what}.`
    this.handle?.leaveHome(folder)
  }

  end(): void {
    this.known.ended = true
  }

  /** The first points of this trainer: what came before them, such as compiling the step, says nothing of its pace. */
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

  /** So that the row does not stay behind when the next points take long. */
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
