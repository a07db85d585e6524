import { isAbsolute } from 'node:path'
import { UserError } from '../contract/errors.js'
import type { Services } from '../contract/services.js'
import type { Changes } from './changes.js'
import { newId } from './ids.js'
import type { BackupWriter, Clock } from './ports.js'
import { asTask, type TaskProgress } from './tasks.js'

interface BackupPorts {
  changes: Changes
  clock: Clock
  backups: BackupWriter
  /** Closes everything and opens the home anew, soon; null where the next start has to do that. */
  restart: (() => void) | null
  fault(error: unknown): void
}

type Made = 'backup' | 'cancelBackup' | 'inspectBackup' | 'restore'

/** Backups of the home while it works, and their way back, one at a time, as tasks that clients see and can cancel. */
export class Backups {
  readonly services: Pick<Services['storage'], Made>
  private running: { taskId: string; controller: AbortController; done: Promise<unknown> } | null = null

  constructor(private readonly ports: BackupPorts) {
    const { backups } = ports
    backups.removeLeftovers().catch(ports.fault)
    this.services = {
      backup: ({ file, taskId }) =>
        this.begin({ kind: 'backup', title: `Backing up to ${file}`, file, taskId }, (onProgress, signal) =>
          backups.write({ file, signal, onProgress }),
        ),
      inspectBackup: async (file) => {
        requireAbsolute(file)
        return backups.inspect(file)
      },
      restore: async ({ file, taskId }) => {
        const { aside } = await this.begin({ kind: 'restore', title: `Restoring ${file}`, file, taskId }, (onProgress, signal) =>
          backups.prepareRestore({ file, signal, onProgress: (progress) => onProgress(progress, 'unpacking and checking') }),
        )
        ports.restart?.()
        return { when: ports.restart ? 'now' : 'next start', kept: aside }
      },
      cancelBackup: async (taskId) => {
        if (this.running?.taskId !== taskId)
          throw new UserError('NOT_FOUND', `No backup ${taskId} is being made or restored: it has ended already.`)
        this.running.controller.abort()
      },
    }
  }

  async close(): Promise<void> {
    this.running?.controller.abort()
    await this.running?.done.catch(() => undefined)
  }

  private async begin<T>(
    { file, taskId = newId(), ...named }: { kind: 'backup' | 'restore'; title: string; file: string; taskId: string | undefined },
    work: (onProgress: TaskProgress, signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    if (this.running) throw new UserError('CONFLICT', 'A backup is being made or restored already: wait until that is done.')
    requireAbsolute(file)
    const controller = new AbortController()
    const { signal } = controller
    const done = asTask(this.ports, { id: taskId, ...named, signal }, (onProgress) => work(onProgress, signal)).finally(
      () => (this.running = null),
    )
    this.running = { taskId, controller, done }
    return done
  }
}

function requireAbsolute(file: string): void {
  if (!isAbsolute(file)) throw new UserError('BAD_INPUT', `${file} is no absolute path: give the whole path of the backup.`)
}
