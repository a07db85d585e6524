import { SPEED_TASK } from '../../contract/catalogue.js'
import { UserError } from '../../contract/errors.js'
import type { Changes } from '../home/changes.js'
import type { RunControl } from './control/run-control.js'
import { asTask } from '../shared/tasks.js'
import type { Clock } from '../shared/clock.js'
import type { Silence } from '../shared/silence.js'

/** Measures the speed of this machine in a separate process, and stores it for the time estimates of the catalogue. */
export interface SpeedMeter {
  /** @throws UserError when no engine can run */
  measure(request: { onProgress(progress: number | null, message: string): void; signal: AbortSignal }): Promise<void>
}

interface SpeedPorts {
  changes: Changes
  clock: Clock
  control: RunControl
  silence: Silence
  speedMeter: SpeedMeter
}

/**
 * Measures how fast this machine computes training steps, from which times are estimated: one measurement at a time, as a task that clients
 * see and can cancel. Queued runs start after it, because they would slow it down.
 */
export class MachineSpeed {
  private running: { controller: AbortController; done: Promise<void> } | null = null

  constructor(private readonly ports: SpeedPorts) {}

  cancel(): void {
    if (!this.running) throw new UserError('NOT_FOUND', 'No measurement is in progress. It has already ended.')
    this.running.controller.abort()
  }

  async close(): Promise<void> {
    this.running?.controller.abort()
    await this.running?.done.catch(() => undefined)
  }

  /**
   * Measures in a separate process. From then on, times are estimated from the result in all windows. Resolves when the result is stored;
   * progress is published as changes of the task `SPEED_TASK`.
   *
   * @throws UserError CONFLICT beside runs, or cells of studies, at work
   */
  async measure(): Promise<void> {
    const { control, silence, speedMeter } = this.ports
    if (this.running) throw new UserError('CONFLICT', 'Another measurement is in progress. Wait until it is done.')
    if (control.working > 0)
      throw new UserError('CONFLICT', 'A run is active, which would distort the measurement. Pause it first, or wait until it ends.')
    const release = silence.keepNow()
    if (!release)
      throw new UserError('CONFLICT', 'A study is at work, which would distort the measurement. Pause it first, or wait until it ends.')
    const controller = new AbortController()
    const { signal } = controller
    const task = { id: SPEED_TASK, kind: 'measurement', title: 'Measuring the speed of this machine', signal } as const
    control.hold('measurement', true)
    const done = asTask(this.ports, task, (onProgress) => speedMeter.measure({ onProgress, signal })).finally(() => {
      this.running = null
      control.hold('measurement', false)
      release()
    })
    this.running = { controller, done }
    return done
  }
}
