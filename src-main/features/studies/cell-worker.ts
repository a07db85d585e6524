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

/** How cells of one kind are worked on. */
export interface Trade<Kind extends OwnKind> {
  kind: Kind & Task['kind']
  /** "Measuring"; the factors of the cell follow. */
  verb: string
  /**
   * Makes room for the work. What it answers calls `next` once or repeatedly, which works on the first cell that waits and answers whether
   * there was one. Null when there is no room now: `pump` is called when there may be.
   */
  enter(): ((next: () => Promise<boolean>) => Promise<void>) | null
  /** @throws UserError when the cell asks for what cannot be done, or the process or thread ended */
  perform(work: WorkOf<Kind>, on: { onProgress: TaskProgress; signal: AbortSignal }): Promise<Record<string, unknown>>
}

/** Works on the cells of studies of one kind, one at a time, and stores what it finds with them. */
export class CellWorker<Kind extends OwnKind> {
  private working: Promise<void> | null = null
  private readonly closing = new AbortController()
  /** Ends the one that is at work. */
  private current: { studyId: string; controller: AbortController } | null = null
  private readonly admitted = new Set<string>()

  /** @param queue 'run' works on whatever waits; 'hold' only on cells of studies that are admitted from now on */
  constructor(
    private readonly ports: CellWorkerPorts,
    private readonly queue: 'run' | 'hold',
    private readonly trade: Trade<Kind>,
  ) {}

  /** Works on this study as soon as there is room. */
  admit(id: string): void {
    this.admitted.add(id)
    this.pump()
  }

  /** Begins with the first cell that waits, unless one is at work. */
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

  /** Work on one or more of the cells that wait; null when there is none, or no room. */
  private session(): Promise<void> | null {
    try {
      return (this.waiting() && this.trade.enter()?.(() => this.next())) ?? null
    } catch (error) {
      this.tryLater(error)
      return null
    }
  }

  /** Not at once: what failed may fail again, for ever. */
  private tryLater(error: unknown): void {
    const { clock, fault } = this.ports
    fault(error)
    clock.after(RETRY_AFTER, () => this.pump())
  }

  /** Ends the cell of a study that is at work, if any; it waits again. */
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
      // What was found is kept, even if nobody could be told that the task was done.
      if (measured === null) {
        if (controller.signal.aborted) return await this.settle(cell, { ...nothing, state: 'queued' })
        return await this.settle(cell, { ...nothing, state: 'failed', reason: this.reasonOf(error), seconds: seconds() })
      }
    } finally {
      this.current = null
    }
    await this.settle(cell, { state: 'finished', reason: null, measured, seconds: seconds() })
  }

  /** Stores what became of a cell, also when that takes several attempts. */
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

  /** Why a cell failed, as a sentence. What is no error for users is a defect, and is reported as one as well: the cell has failed either way. */
  private reasonOf(error: unknown): string {
    if (isUserError(error)) return error.message
    this.ports.fault(error)
    return `The ${this.trade.kind} ended with an error that Retrace does not know: ${error instanceof Error ? error.message : String(error)}`
  }
}
