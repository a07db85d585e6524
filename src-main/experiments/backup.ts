import { isAbsolute } from 'node:path'
import { UserError } from '../contract/errors.js'
import type { Services } from '../contract/services.js'
import type { Changes } from './changes.js'
import { newId } from './ids.js'
import type { BackupWriter, Clock } from './ports.js'
import { asTask } from './tasks.js'

interface BackupPorts {
  changes: Changes
  clock: Clock
  backups: BackupWriter
  fault(error: unknown): void
}

/** Backups of the home while it works, one at a time, as tasks that clients see and can cancel. */
export class Backups {
  readonly services: Pick<Services['storage'], 'backup' | 'cancelBackup'>
  private running: { taskId: string; controller: AbortController; done: Promise<unknown> } | null = null

  constructor(private readonly ports: BackupPorts) {
    ports.backups.removeLeftovers().catch(ports.fault)
    this.services = {
      backup: ({ file, taskId = newId() }) => {
        if (this.running) return Promise.reject(new UserError('CONFLICT', 'A backup is being made already: wait until it is done.'))
        if (!isAbsolute(file))
          return Promise.reject(new UserError('BAD_INPUT', `${file} is no absolute path: give the whole path of the backup.`))
        const controller = new AbortController()
        const done = this.make(file, taskId, controller.signal).finally(() => (this.running = null))
        this.running = { taskId, controller, done }
        return done
      },
      cancelBackup: async (taskId) => {
        if (this.running?.taskId !== taskId) throw new UserError('NOT_FOUND', `No backup ${taskId} is being made: it has ended already.`)
        this.running.controller.abort()
      },
    }
  }

  async close(): Promise<void> {
    this.running?.controller.abort()
    await this.running?.done.catch(() => undefined)
  }

  private make(file: string, id: string, signal: AbortSignal): Promise<{ files: number; bytes: number }> {
    return asTask(this.ports, { id, kind: 'backup', title: `Backing up to ${file}`, signal }, (onProgress) =>
      this.ports.backups.write({ file, signal, onProgress }),
    )
  }
}
