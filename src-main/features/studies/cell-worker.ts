import type { Task } from '../../contract/changes.js'
import { isUserError, obstacleOf } from '../../contract/errors.js'
import { describeFactors, type CellWork, type Study, type WorkOf } from '../../contract/studies.js'
import type { Changes } from '../home/changes.js'
import type { Clock } from '../shared/clock.js'
import { asTask, type TaskProgress } from '../shared/tasks.js'
import type { StudyStore, WaitingCell } from './study-store.js'

/** Milliseconds until the next attempt, after the disk refused a result, another program held the database, or a defect ended the work. */
const RETRY_AFTER = 5000

/** Kinds of work whose result is stored with the cell. */
export type OwnKind = Exclude<CellWork['kind'], 'run'>

export interface CellWorkerPorts {
  changes: Changes
  clock: Clock
  studies: StudyStore
  /** Publishes the row of a study, inside a commit. */
  publish(id: string, record: Parameters<Parameters<Changes['commit']>[0]>[0]): void
  fault(error: unknown): void
}

/** How cells of one kind are processed. */
export interface Trade<Kind extends OwnKind> {
  kind: Kind & Task['kind']
  /** "Measuring"; followed by the factors of the cell. */
  verb: string
  /**
   * Reserves the machine for the work. The returned function calls `next` once or repeatedly; `next` processes the first waiting cell and
   * returns whether there was one. Null if it is not possible now: `pump` is called when it may be.
   */
  enter(): ((next: () => Promise<boolean>) => Promise<void>) | null
  /** @throws UserError if the cell's request is invalid, or the process or thread ended */
  perform(work: WorkOf<Kind>, on: { onProgress: TaskProgress; signal: AbortSignal }): Promise<Record<string, unknown>>
}

/** Processes the cells of one kind of all studies, one at a time, and stores their results. */
export class CellWorker<Kind extends OwnKind> {
  private working: Promise<void> | null = null
  private readonly closing = new AbortController()
  /** The cell being processed, with the controller that cancels it. */
  private current: { studyId: string; controller: AbortController } | null = null
  private readonly admitted = new Set<string>()

  /** @param queue 'run' processes all waiting cells; 'hold' only cells of studies that are admitted from now on */
  constructor(
    private readonly ports: CellWorkerPorts,
    private readonly queue: 'run' | 'hold',
    private readonly trade: Trade<Kind>,
  ) {}

  /** Processes this study as soon as possible. */
  admit(id: string): void {
    this.admitted.add(id)
    this.pump()
  }

  /** Starts with the first waiting cell, unless one is being processed. */
  pump(): void {
    if (this.working || this.closing.signal.aborted) return
    const session = this.session()
    if (!session) return
    this.working = session
      .then(
        () => true,
        (error: unknown) => {
          this.tryLater(error)
          return false
        },
      )
      .then((done) => {
        this.working = null
        if (done) this.pump()
      })
  }

  /** Processes one or more waiting cells; null if there are none, or it is not possible now. */
  private session(): Promise<void> | null {
    try {
      return (this.waiting() && this.trade.enter()?.(() => this.next())) ?? null
    } catch (error) {
      this.tryLater(error)
      return null
    }
  }

  /** Not immediately, because what failed may keep failing. */
  private tryLater(error: unknown): void {
    const { clock, fault } = this.ports
    fault(error)
    clock.after(RETRY_AFTER, () => this.pump())
  }

  /** Cancels the cell of a study that is being processed, if any; it waits again. */
  interrupt(study: Pick<Study, 'id'>): void {
    if (this.current?.studyId === study.id) this.current.controller.abort()
  }

  async close(): Promise<void> {
    this.closing.abort()
    this.current?.controller.abort()
    await this.working
  }

  private waiting(): WaitingCell<Kind> | undefined {
    return this.ports.studies.waiting(this.trade.kind, this.queue === 'run' ? null : [...this.admitted])
  }

  private async next(): Promise<boolean> {
    const cell = this.closing.signal.aborted ? undefined : this.waiting()
    if (cell) await this.work(cell)
    return cell !== undefined
  }

  private async work(cell: WaitingCell<Kind>): Promise<void> {
    const { clock } = this.ports
    const { kind, verb, perform } = this.trade
    const controller = new AbortController()
    this.current = { studyId: cell.studyId, controller }
    const begin = clock.elapsed()
    const seconds = (): number => (clock.elapsed() - begin) / 1000
    const nothing = { reason: null, measured: null, seconds: null }
    let measured: Record<string, unknown> | null = null
    try {
      await this.settle(cell, { ...nothing, state: 'running' })
      const task = {
        id: `study/${cell.studyId}/${kind}`,
        kind,
        title: `${verb} ${describeFactors(cell.factors)}`,
        signal: controller.signal,
      }
      await asTask(this.ports, task, async (onProgress) => {
        measured = await perform(cell.work, { onProgress, signal: controller.signal })
      })
    } catch (error) {
      // The result is kept even if the end of the task could not be published.
      if (measured === null) {
        if (controller.signal.aborted) return await this.settle(cell, { ...nothing, state: 'queued' })
        return await this.settle(cell, { ...nothing, state: 'failed', reason: this.reasonOf(error), seconds: seconds() })
      }
    } finally {
      this.current = null
    }
    await this.settle(cell, { state: 'finished', reason: null, measured, seconds: seconds() })
  }

  /** Stores the outcome of a cell, even if this takes several attempts. */
  private async settle({ studyId, position }: WaitingCell<Kind>, found: Parameters<StudyStore['setResult']>[2]): Promise<void> {
    const { changes, clock, studies, publish } = this.ports
    for (;;) {
      try {
        return changes.commit((record) => {
          // The study may have been removed meanwhile.
          if (!studies.get(studyId)) return
          studies.setResult(studyId, position, found)
          publish(studyId, record)
        })
      } catch (error) {
        if (obstacleOf(error) === null || this.closing.signal.aborted) throw error
      }
      await new Promise<void>((resolve) => {
        const cancel = clock.after(RETRY_AFTER, resolve)
        this.closing.signal.addEventListener('abort', () => {
          cancel()
          resolve()
        })
      })
    }
  }

  /**
   * Why a cell failed, as a sentence. An error that is not for users is a defect and is also reported as one: the cell has failed either
   * way.
   */
  private reasonOf(error: unknown): string {
    if (isUserError(error)) return error.message
    this.ports.fault(error)
    return `The ${this.trade.kind} ended with an error that Retrace does not know: ${error instanceof Error ? error.message : String(error)}`
  }
}
