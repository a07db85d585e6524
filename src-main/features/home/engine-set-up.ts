import { UserError } from '../../contract/errors.js'
import type { Clock } from '../shared/clock.js'
import { asTask } from '../shared/tasks.js'
import type { Changes } from './changes.js'

/** Installs the native engine on this machine. */
export interface EngineInstaller {
  /**
   * @param offline a wheel, or a folder of wheels, instead of a download
   * @param signal cancels the installation, which then cleans up
   * @throws UserError UNAVAILABLE with cause and remedy if it is not possible
   */
  install(options: {
    offline: string | undefined
    onProgress(progress: number | null, message: string): void
    signal: AbortSignal
  }): Promise<void>
}

/** Sets up the fast engine as a task that every window sees and can cancel, one at a time. Runs that start afterwards use it. */
export class EngineSetUp {
  private running: { taskId: string; controller: AbortController; done: Promise<void> } | null = null

  constructor(private readonly ports: { changes: Changes; clock: Clock; engineInstaller: EngineInstaller }) {}

  begin({ taskId, offline }: { taskId: string; offline?: string | undefined }): Promise<void> {
    if (this.running) throw new UserError('CONFLICT', 'The engine is being set up already. Wait until that is done.')
    const controller = new AbortController()
    const { signal } = controller
    const done = asTask(this.ports, { id: taskId, kind: 'setUp', title: 'Setting up the fast engine', signal }, (onProgress) =>
      this.ports.engineInstaller.install({ offline, onProgress, signal }),
    ).finally(() => (this.running = null))
    this.running = { taskId, controller, done }
    return done
  }

  /** @throws UserError NOT_FOUND if no such task is running */
  cancel({ taskId }: { taskId: string }): void {
    if (this.running?.taskId !== taskId) throw new UserError('NOT_FOUND', 'This set-up is not in progress. It has already ended.')
    this.running.controller.abort()
  }

  async close(): Promise<void> {
    this.running?.controller.abort()
    await this.running?.done.catch(() => undefined)
  }
}
