import { isAbsolute } from 'node:path'
import { UserError } from '../../contract/errors.js'
import type { Changes } from './changes.js'
import type { Elsewhere } from './elsewhere.js'
import { newId } from '../shared/ids.js'
import { asTask, type TaskProgress } from '../shared/tasks.js'
import type { BackupHead } from '../../contract/storage.js'
import type { Clock } from '../shared/clock.js'

/** Writes the whole home into one file while it is being used. */
export interface BackupWriter {
  /** @throws UserError CONFLICT when the file exists, DISK */
  write(options: {
    file: string
    onProgress(progress: number | null, message: string): void
    signal: AbortSignal
  }): Promise<{ file: string; files: number; bytes: number }>
  /** @throws UserError BAD_INPUT when it is no backup, NOT_FOUND, DISK */
  inspect(file: string): Promise<BackupHead>
  /**
   * Unpacks and checks a backup, so that it takes the place of the home's content when the home is opened next.
   *
   * @throws UserError BAD_INPUT when it is no whole backup, NOT_FOUND, DISK; the home is then as it was
   */
  prepareRestore(options: { file: string; onProgress(progress: number): void; signal: AbortSignal }): Promise<{ aside: string }>
  /** Removes what backups left that did not end. */
  removeLeftovers(): Promise<void>
}

interface BackupPorts {
  changes: Changes
  clock: Clock
  backups: BackupWriter
  elsewhere: Elsewhere
  /** Closes everything and opens the home anew, soon; null where the next start has to do that. */
  restart: (() => void) | null
  fault(error: unknown): void
}

/** With the id by which its progress can be followed. */
interface BackupTask {
  file: string
  taskId?: string | undefined
}

/** Backups of the home while it works, and their way back, one at a time, as tasks that clients see and can cancel. */
export class Backups {
  private running: { taskId: string; controller: AbortController; done: Promise<unknown> } | null = null

  constructor(private readonly ports: BackupPorts) {
    ports.backups.removeLeftovers().catch(ports.fault)
  }

  /** The whole home in one new file, made while it works. */
  backup({ file, taskId }: BackupTask): Promise<{ file: string; files: number; bytes: number }> {
    const { backups, elsewhere } = this.ports
    return this.begin({ kind: 'backup', title: `Backing up to ${file}`, file, taskId }, (onProgress, signal) =>
      elsewhere.noting(file, () => backups.write({ file, signal, onProgress })),
    )
  }

  async inspect({ file }: { file: string }): Promise<BackupHead> {
    requireAbsolute(file)
    return this.ports.backups.inspect(file)
  }

  /**
   * Puts a backup in the place of the home's content, which is kept in another folder. It is unpacked and checked first; then runs at work
   * write a checkpoint, and everything is opened anew: 'now', or at the next start.
   */
  async restore({ file, taskId }: BackupTask): Promise<{ when: 'now' | 'next start'; kept: string }> {
    const { backups, restart } = this.ports
    const { aside } = await this.begin({ kind: 'restore', title: `Restoring ${file}`, file, taskId }, (onProgress, signal) =>
      backups.prepareRestore({ file, signal, onProgress: (progress) => onProgress(progress, 'unpacking and verifying') }),
    )
    restart?.()
    return { when: restart ? 'now' : 'next start', kept: aside }
  }

  /** Ends a backup, or a restore that has not begun to replace the home. */
  cancel({ taskId }: { taskId: string }): void {
    if (this.running?.taskId !== taskId)
      throw new UserError('NOT_FOUND', `No backup or restore ${taskId} is in progress. It has already ended.`)
    this.running.controller.abort()
  }

  async close(): Promise<void> {
    this.running?.controller.abort()
    await this.running?.done.catch(() => undefined)
  }

  private async begin<T>(
    { file, taskId = newId(), ...named }: { kind: 'backup' | 'restore'; title: string; file: string; taskId: string | undefined },
    work: (onProgress: TaskProgress, signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    if (this.running) throw new UserError('CONFLICT', 'Another backup or restore is in progress. Wait until it is done.')
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
  if (!isAbsolute(file)) throw new UserError('BAD_INPUT', `${file} is not an absolute path. Give the absolute path of the backup.`)
}
