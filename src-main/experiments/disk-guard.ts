import type { Alerts } from './alerts.js'
import type { Clock, HomeDisk, SettingsStore } from './ports.js'
import type { RunControl } from './run-control.js'
import { readSettings } from './settings.js'

export interface GuardPorts {
  disk: HomeDisk
  settings: SettingsStore
  clock: Clock
  alerts: Alerts
  control: RunControl
  fault(error: unknown): void
}

const GIB = 2 ** 30
const CHECK_EVERY = 10_000
/** Space must exceed a threshold by so much before it counts as free again: no alarm for every file that comes and goes. */
const SLACK = 1.1

/** Warns before the disk is full, and pauses runs while there is still room for their checkpoints. */
export class DiskGuard {
  private warned = false
  private held = false
  private cancel: (() => void) | null = null

  constructor(private readonly ports: GuardPorts) {}

  /** Looks now, and every ten seconds. */
  start(): void {
    try {
      this.look()
    } catch (error) {
      // A disk that is full cannot keep the alert either; the next look tries again.
      this.ports.fault(error)
    }
    this.cancel = this.ports.clock.after(CHECK_EVERY, () => this.start())
  }

  close(): void {
    this.cancel?.()
  }

  private look(): void {
    const { disk, settings, alerts, control } = this.ports
    const space = disk.space()
    if (!space) return
    const { 'disk.warnGiB': warnAt, 'disk.pauseGiB': pauseAt } = readSettings(settings)
    const free = space.free / GIB
    const left = `${free.toFixed(1)} GiB`
    if (free < pauseAt && !this.held) {
      this.held = true
      const reason = `The disk has only ${left} left, less than the ${pauseAt} GiB of the setting; free some space, then resume the run.`
      control.hold('disk', true)
      const paused = control.pauseAll(reason)
      const runs =
        paused === 1 ? 'A run was paused: free some space, then resume it' : `${paused} runs were paused: free some space, then resume them`
      const what = paused === 0 ? 'Queued runs wait until there is room' : runs
      const tell = paused === 0 ? alerts.raiseOnce.bind(alerts) : alerts.raise.bind(alerts)
      tell({ kind: 'diskFull', level: 'error', runId: null, message: `The disk is nearly full (${left} left). ${what}.` })
    } else if (this.held && free >= pauseAt * SLACK) {
      this.held = false
      control.hold('disk', false)
    }
    if (free < warnAt && !this.warned && !this.held)
      alerts.raiseOnce({
        kind: 'diskLow',
        level: 'warn',
        runId: null,
        message: `The disk of the home folder has ${left} left: clean up old checkpoints, or free some space.`,
      })
    if (free < warnAt) this.warned = true
    else if (free >= warnAt * SLACK) this.warned = false
  }
}
