import type { DiskSpace } from '../../contract/storage.js'
import type { Alerts } from './alerts.js'
import type { RunControl } from '../runs/control/run-control.js'
import { readSettings, type SettingsStore } from './settings.js'
import type { HomeDisk } from './home-disk.js'
import type { Clock } from '../shared/clock.js'

/** Disk space that is reserved for what must be written when the disk is full. */
export interface Reserve {
  readonly bytes: number
  /** Whether the space is reserved now, so that it does not count as free. */
  readonly held: boolean
  /** Reserves the space unless it is reserved. @returns false when the disk has no room for it */
  keep(): boolean
  /** Releases the space for the next writes. @returns false when it had been released before */
  release(): boolean
  /** Sets what is called, in the middle of a write, when it finds no space, whether or not the reserve could help. */
  onFull: (() => void) | null
}

export interface GuardPorts {
  disk: HomeDisk
  reserve?: Reserve | undefined
  settings: SettingsStore
  clock: Clock
  alerts: Alerts
  control: RunControl
  fault(error: unknown): void
}

const GIB = 2 ** 30
const CHECK_EVERY = 10_000
/** Factor by which free space must exceed a threshold before the warning ends, so that small files do not raise it again and again. */
const SLACK = 1.1

/** Warns before the disk is full, and pauses runs while there is still room for their checkpoints. */
export class DiskGuard {
  private warned = false
  private held = false
  private full = false
  /** Whether a write has found no space since the last check. */
  private found = false
  private cancel: (() => void) | null = null

  constructor(private readonly ports: GuardPorts) {}

  /** Checks now, every ten seconds, and whenever a write finds no space. */
  start(): void {
    const { reserve, clock } = this.ports
    if (reserve)
      reserve.onFull = () => {
        if (this.full || this.found) return
        // The check must not run inside the write.
        this.found = true
        clock.after(0, () => {
          this.cancel?.()
          this.start()
        })
      }
    try {
      this.look()
    } catch (error) {
      // A full disk cannot store the alert either; the next check tries again.
      this.ports.fault(error)
    }
    this.cancel = this.ports.clock.after(CHECK_EVERY, () => this.start())
  }

  close(): void {
    this.cancel?.()
    if (this.ports.reserve) this.ports.reserve.onFull = null
  }

  /** Without the reserve, only what frees space and the ends of runs may be written. */
  private lookAtReserve(space: DiskSpace | null): void {
    const { reserve, control, alerts } = this.ports
    if (!reserve) return
    // The reserve counts as free here; otherwise releasing it would make room to reserve it again.
    const none = space !== null && space.free + (reserve.held ? reserve.bytes : 0) < 3 * reserve.bytes
    if (none) reserve.release()
    const full = none || this.found || !reserve.keep()
    this.found = false
    if (full === this.full) return
    this.full = full
    control.hold('full', full)
    if (!full) return alerts.keepUnsaved()
    const paused = control.pauseAll('The disk is full. Free some space, then resume the run.')
    const runs = paused === 0 ? '' : ` ${paused === 1 ? 'A run was' : `${paused} runs were`} paused.`
    alerts.raiseOnce({
      kind: 'diskFull',
      level: 'error',
      runId: null,
      message: `The disk of the home folder is full.${runs} Clean up old checkpoints or free some space, then resume paused runs.`,
    })
  }

  private look(): void {
    const { disk, settings, alerts, control } = this.ports
    const space = disk.space()
    this.lookAtReserve(space)
    if (!space) return
    const { 'disk.warnGiB': warnAt, 'disk.pauseGiB': pauseAt } = readSettings(settings)
    const free = space.free / GIB
    const left = `${free.toFixed(1)} GiB`
    if (free < pauseAt && !this.held) {
      this.held = true
      const reason = `The disk has only ${left} free, below the limit of ${pauseAt} GiB. Free some space, then resume the run.`
      control.hold('disk', true)
      const paused = control.pauseAll(reason)
      const runs =
        paused === 1 ? 'A run was paused; free some space, then resume it' : `${paused} runs were paused; free some space, then resume them`
      const what = paused === 0 ? 'Queued runs wait until there is room' : runs
      const tell = paused === 0 ? alerts.raiseOnce.bind(alerts) : alerts.raise.bind(alerts)
      tell({ kind: 'diskFull', level: 'error', runId: null, message: `The disk is almost full (${left} free). ${what}.` })
    } else if (this.held && free >= pauseAt * SLACK) {
      this.held = false
      control.hold('disk', false)
    }
    if (free < warnAt && !this.warned && !this.held)
      alerts.raiseOnce({
        kind: 'diskLow',
        level: 'warn',
        runId: null,
        message: `The disk of the home folder has only ${left} free. Clean up old checkpoints or free some space.`,
      })
    if (free < warnAt) this.warned = true
    else if (free >= warnAt * SLACK) this.warned = false
  }
}
