import { SPEED_TASK } from '../contract/catalogue.js'
import { UserError } from '../contract/errors.js'
import type { Services } from '../contract/services.js'
import type { Changes } from './changes.js'
import type { Clock, SpeedMeter } from './ports.js'
import type { RunControl } from './run-control.js'
import { asTask } from './tasks.js'

interface SpeedPorts {
  changes: Changes
  clock: Clock
  control: RunControl
  speedMeter: SpeedMeter
}

/**
 * Measures how fast this machine makes training steps, from which times are estimated: one at a time, as a task that clients see and
 * can cancel. Runs that are queued meanwhile begin when it is done: beside them the machine would seem slow.
 */
export class MachineSpeed {
  readonly services: Pick<Services['catalogue'], 'measureSpeed' | 'cancelMeasurement'>
  private running: { controller: AbortController; done: Promise<void> } | null = null

  constructor(private readonly ports: SpeedPorts) {
    this.services = {
      measureSpeed: () => this.measure(),
      cancelMeasurement: async () => {
        if (!this.running) throw new UserError('NOT_FOUND', 'The machine is not being measured: that has ended already.')
        this.running.controller.abort()
      },
    }
  }

  async close(): Promise<void> {
    this.running?.controller.abort()
    await this.running?.done.catch(() => undefined)
  }

  private async measure(): Promise<void> {
    const { control, speedMeter } = this.ports
    if (this.running) throw new UserError('CONFLICT', 'The machine is being measured already: wait until that is done.')
    if (control.working > 0)
      throw new UserError('CONFLICT', 'A run is at work, beside which the machine would seem slow: pause it first, or wait for its end.')
    const controller = new AbortController()
    const { signal } = controller
    const task = { id: SPEED_TASK, kind: 'measurement', title: 'Measuring the speed of this machine', signal } as const
    control.hold('measurement', true)
    const done = asTask(this.ports, task, (onProgress) => speedMeter.measure({ onProgress, signal })).finally(() => {
      this.running = null
      control.hold('measurement', false)
    })
    this.running = { controller, done }
    return done
  }
}
