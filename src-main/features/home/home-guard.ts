import { UserError } from '../../contract/errors.js'
import type { Alerts } from './alerts.js'
import type { RunControl } from '../runs/control/run-control.js'
import type { HomeWatch } from './home-watch.js'
import type { Clock } from '../shared/clock.js'

interface HomeGuardPorts {
  /** Absent for a home that cannot be lost, such as one in memory. */
  home?: HomeWatch | undefined
  clock: Clock
  alerts: Alerts
  control: RunControl
  fault(error: unknown): void
  /** Everything that works on the home in the background. */
  parts: readonly { close(): void | Promise<void> }[]
}

const LOOK_EVERY = 1000

/**
 * Ensures that nothing is written to a home that was moved or removed, or that lost its database, while this host had it open. The folder
 * may belong to another host by then, and what is confirmed would be stored nowhere. A lost home stays lost, because changes that were
 * published in the meantime were never stored.
 */
export class HomeGuard {
  private cancel: (() => void) | null = null

  constructor(private readonly ports: HomeGuardPorts) {}

  /** Checks now, and then every second until the home is found to be lost. */
  start(): void {
    const { home, clock } = this.ports
    const loss = home?.look()
    if (loss) this.leave(loss)
    else if (home) this.cancel = clock.after(LOOK_EVERY, () => this.start())
  }

  close(): void {
    this.cancel?.()
  }

  private leave(loss: NonNullable<ReturnType<HomeWatch['look']>>): void {
    const { alerts, control, fault, parts } = this.ports
    const steps = [
      () => control.leaveHome(loss),
      () => alerts.raise({ kind: 'homeLost', level: 'error', runId: null, message: loss.message }),
      () => fault(new UserError('DISK', loss.message)),
      ...parts.map((part) => () => void Promise.resolve(part.close()).catch(fault)),
    ]
    for (const step of steps)
      try {
        step()
      } catch (error) {
        fault(error)
      }
  }
}
