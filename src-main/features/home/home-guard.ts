import { UserError } from '../../contract/errors.js'
import type { Alerts } from './alerts.js'
import type { RunControl } from '../runs/control/run-control.js'
import type { HomeWatch } from './home-watch.js'
import type { Clock } from '../shared/clock.js'

interface HomeGuardPorts {
  /** Absent: nothing can happen to the home. */
  home?: HomeWatch | undefined
  clock: Clock
  alerts: Alerts
  control: RunControl
  fault(error: unknown): void
  /** Whatever works on the home by itself. */
  parts: readonly { close(): void | Promise<void> }[]
}

const LOOK_EVERY = 1000

/**
 * Sees to it that nothing is written to a home that was moved, removed, or lost its database while this host had it open. It may be
 * somebody else's by then, and what is confirmed would be nowhere. It cannot come back: what was told meanwhile was never stored.
 */
export class HomeGuard {
  private cancel: (() => void) | null = null

  constructor(private readonly ports: HomeGuardPorts) {}

  /** Looks now, and every second until something is found. */
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
