import { readSettings, type SettingsStore } from './settings.js'
import type { Clock } from '../shared/clock.js'

/** When something was removed. */
export interface Removal {
  /** The label: milliseconds since 1970. */
  at: number
  /** How long Retrace had been open on this home, in seconds; see `OpenTime`. */
  after: number
}

/** Where a home keeps how long Retrace has been open on it. */
const STORED = 'host.openSeconds'
const HOUR = 3600

/**
 * How long Retrace has been open on this home, all hosts together. By this the time is measured for which removed things are kept: it is the
 * only time that Retrace sees pass by itself. A machine whose clock is set, by whatever and however far, deletes nothing by that; a host that
 * is killed only keeps things for longer.
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

  /** Stores what has passed, for the next host. */
  keep(): void {
    this.ports.settings.set(STORED, this.seconds())
  }

  /** A removal that happens now, inside a commit of the caller. */
  removal(): Removal {
    this.keep()
    return { at: this.ports.clock.now(), after: this.seconds() }
  }

  /** Seconds for which Retrace has to be open until what was removed is deleted; 0 or less once it may be. */
  left({ after }: Removal): number {
    return after + readSettings(this.ports.settings)['runs.keepRemovedHours'] * HOUR - this.seconds()
  }
}
