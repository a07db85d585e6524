import { z } from 'zod'
import type { RunControl } from '../runs/control/run-control.js'
import type { RunStore } from '../runs/run-store.js'
import type { SettingsStore } from './settings.js'

/** The setting with the ids of runs that were training when the user's session ended. */
const LEFT = 'runs.leftBySession'
const LeftSchema = z.array(z.string())

interface InterruptionPorts {
  control: RunControl
  runs: RunStore
  settings: SettingsStore
  fault(error: unknown): void
}

/**
 * Handles interruptions of training by the system. Before the machine sleeps, runs write a checkpoint and pause, because the battery may
 * run out meanwhile; they resume when it wakes. Runs interrupted by the end of a session (logging out, a shutdown) resume at the next
 * start.
 */
export class Interruption {
  private asleep: string[] | null = null

  constructor(private readonly ports: InterruptionPorts) {}

  /** Resumes the runs interrupted by the end of the last session, unless this has been done already. Called once, when the home is open. */
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

  /** Resumes the runs paused by `sleep`, and none that the user has paused or stopped. */
  async wake(): Promise<void> {
    const paused = this.asleep
    if (paused === null) return
    const { control } = this.ports
    await control.idle()
    this.asleep = null
    control.hold('sleep', false)
    this.goOn(paused, 'paused')
  }

  /** Records the runs to resume at the next start; the host closes afterwards. */
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
