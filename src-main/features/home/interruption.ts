import { z } from 'zod'
import type { RunControl } from '../runs/control/run-control.js'
import type { RunStore } from '../runs/run-store.js'
import type { SettingsStore } from './settings.js'

/** Runs that were training when the session of the user ended, by id. */
const LEFT = 'runs.leftBySession'
const LeftSchema = z.array(z.string())

interface InterruptionPorts {
  control: RunControl
  runs: RunStore
  settings: SettingsStore
  fault(error: unknown): void
}

/**
 * What becomes of training while the machine does something else. Before it sleeps, runs write a checkpoint and pause, since a battery may
 * run out meanwhile; they go on when it wakes. What the end of a session (logging out, a shutdown) interrupts goes on at the next start.
 */
export class Interruption {
  private asleep: string[] | null = null

  constructor(private readonly ports: InterruptionPorts) {}

  /** Resumes what the last session left, unless somebody has done so already. Called once, when the home is open. */
  start(): void {
    const { settings } = this.ports
    const left = LeftSchema.safeParse(settings.get(LEFT)).data ?? []
    if (left.length === 0) return
    settings.set(LEFT, [])
    this.goOn(left, 'interrupted')
  }

  sleep(): void {
    if (this.asleep !== null) return
    const { control } = this.ports
    this.asleep = this.training()
    control.hold('sleep', true)
    control.pauseAll('The machine went to sleep.')
  }

  /** Resumes what `sleep` has paused, and nothing that its user has paused or stopped. */
  async wake(): Promise<void> {
    const paused = this.asleep
    if (paused === null) return
    const { control } = this.ports
    await control.idle()
    this.asleep = null
    control.hold('sleep', false)
    this.goOn(paused, 'paused')
  }

  /** Notes what the next start resumes; the host closes afterwards. */
  endSession(): void {
    this.ports.settings.set(LEFT, this.training())
  }

  private training(): string[] {
    return this.ports.runs.inStatus(['starting', 'running']).map(({ id }) => id)
  }

  private goOn(ids: readonly string[], from: 'paused' | 'interrupted'): void {
    const { control, runs, fault } = this.ports
    for (const id of ids)
      try {
        if (runs.get(id)?.status === from) control.command(id, 'resume')
      } catch (error) {
        fault(error)
      }
  }
}
