import type { BenchStepRequest } from '../../contract/tools.js'
import { describeFactors, type Study } from '../../contract/studies.js'
import { isUserError, UserError } from '../../contract/errors.js'
import type { Changes } from '../home/changes.js'
import type { RunControl } from '../runs/control/run-control.js'
import { asTask } from '../shared/tasks.js'
import type { Clock } from '../shared/clock.js'
import type { StudyStore, WaitingCell } from './study-store.js'

/** Times and weighs training steps, in a process of its own. */
export interface Measurer {
  /** @throws UserError when the request is wrong, or the process ended */
  measure(
    request: BenchStepRequest,
    on: { onProgress(progress: number | null, message: string): void; signal: AbortSignal },
  ): Promise<Record<string, unknown>>
}

interface MeasurementPorts {
  changes: Changes
  clock: Clock
  control: RunControl
  studies: StudyStore
  measurer: Measurer
  /** Publishes the row of a study, inside a commit. */
  publish(id: string, record: Parameters<Parameters<Changes['commit']>[0]>[0]): void
  fault(error: unknown): void
}

/**
 * Makes the measurements of studies one at a time, when no run is at work: beside one, a step would seem slow. Queued runs wait meanwhile.
 */
export class Measurements {
  private working: Promise<void> | null = null
  private readonly closing = new AbortController()
  /** Ends the one that is being made. */
  private current: { studyId: string; controller: AbortController } | null = null

  private readonly admitted = new Set<string>()

  /** @param queue 'run' makes whatever waits; 'hold' only those of studies that are admitted from now on */
  constructor(
    private readonly ports: MeasurementPorts,
    private readonly queue: 'run' | 'hold',
  ) {}

  /** Makes the measurements of this study as soon as no run is at work. */
  admit(id: string): void {
    this.admitted.add(id)
    this.pump()
  }

  private next(): WaitingCell | undefined {
    return this.ports.studies.waiting(this.queue === 'run' ? null : [...this.admitted])
  }

  /** Starts with the first that waits, unless one is being made. */
  pump(): void {
    if (this.working || this.closing.signal.aborted || !this.next()) return
    this.working = this.work()
      .catch(this.ports.fault)
      .finally(() => {
        this.working = null
        this.pump()
      })
  }

  /** Ends the measurement of a study that is being made, if any; it waits again. */
  interrupt(study: Pick<Study, 'id'>): void {
    if (this.current?.studyId === study.id) this.current.controller.abort()
  }

  async close(): Promise<void> {
    this.closing.abort()
    this.current?.controller.abort()
    await this.working
  }

  private async work(): Promise<void> {
    const { control } = this.ports
    control.hold('study', true)
    try {
      await control.idle()
      for (let next = this.next(); next && !this.closing.signal.aborted; next = this.next()) await this.measure(next)
    } finally {
      if (!this.closing.signal.aborted) control.hold('study', false)
    }
  }

  private async measure({ studyId, position, work }: WaitingCell): Promise<void> {
    const { clock, measurer, studies } = this.ports
    if (work.kind !== 'measurement') throw new Error(`cell ${position} of study ${studyId} is a ${work.kind}`)
    const controller = new AbortController()
    this.current = { studyId, controller }
    const cell = studies.cells(studyId)[position]!
    const begin = clock.elapsed()
    const settle = (found: Parameters<StudyStore['setMeasurement']>[2]): void =>
      this.ports.changes.commit((record) => {
        // The study may have been removed meanwhile.
        if (!studies.get(studyId)) return
        studies.setMeasurement(studyId, position, found)
        this.ports.publish(studyId, record)
      })
    const nothing = { reason: null, measured: null, seconds: null }
    settle({ ...nothing, state: 'running' })
    const task = {
      id: `study/${studyId}`,
      kind: 'measurement',
      title: `Measuring ${describeFactors(cell.factors)}`,
      signal: controller.signal,
    } as const
    try {
      const measured = await asTask(this.ports, task, (onProgress) =>
        measurer.measure(work.request, { onProgress, signal: controller.signal }),
      )
      settle({ state: 'finished', reason: null, measured, seconds: (clock.elapsed() - begin) / 1000 })
    } catch (error) {
      if (controller.signal.aborted) settle({ ...nothing, state: 'queued' })
      else settle({ ...nothing, state: 'failed', reason: reasonOf(error), seconds: (clock.elapsed() - begin) / 1000 })
    } finally {
      this.current = null
    }
  }
}

function reasonOf(error: unknown): string {
  if (isUserError(error)) return error.message
  throw new UserError('INTERNAL', `A measurement failed: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
}
