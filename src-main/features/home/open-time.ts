import { readSettings, type SettingsStore } from './settings.js'
import type { Clock } from '../shared/clock.js'

/** Time of a removal. */
export interface Removal {
  /** Milliseconds since 1970, only shown. */
  at: number
  /** Seconds for which Retrace had been open on this home; see `OpenTime`. */
  after: number
}

/** The setting that stores how long Retrace has been open on a home. */
const STORED = 'host.openSeconds'
const HOUR = 3600

/**
 * How long Retrace has been open on this home, over all hosts. The retention time of removed things is measured by it, because it is the
 * only time that Retrace observes itself: setting the system clock deletes nothing, and a killed host only extends the retention.
 */
export class OpenTime {
  private readonly before: number
  private readonly began: number

  constructor(private readonly ports: { settings: SettingsStore; clock: Clock }) {
    const stored = ports.settings.get(STORED)
    this.before = typeof stored === 'number' && Number.isFinite(stored) ? stored : 0
    this.began = ports.clock.elapsed()
  }

  seconds(): number {
    return this.before + (this.ports.clock.elapsed() - this.began) / 1000
  }

  /** Stores the time for the next host. */
  keep(): void {
    this.ports.settings.set(STORED, this.seconds())
  }

  /** The time of a removal that happens now; call it inside a commit. */
  removal(): Removal {
    this.keep()
    return { at: this.ports.clock.now(), after: this.seconds() }
  }

  /** Seconds for which Retrace must still be open before a removed thing is deleted; 0 or less when it may be deleted. */
  left({ after }: Removal): number {
    return after + readSettings(this.ports.settings)['runs.keepRemovedHours'] * HOUR - this.seconds()
  }
}
