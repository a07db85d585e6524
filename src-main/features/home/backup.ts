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
  /** @throws UserError BAD_INPUT when the file is not a backup, NOT_FOUND, DISK */
  inspect(file: string): Promise<BackupHead>
  /**
   * Unpacks and verifies a backup, so that it replaces the contents of the home when the home is opened next.
   *
   * @throws UserError BAD_INPUT when the backup is not complete, NOT_FOUND, DISK; the home is then unchanged
   */
  prepareRestore(options: { file: string; onProgress(progress: number): void; signal: AbortSignal }): Promise<{ aside: string }>
  /** Removes what unfinished backups left behind. */
  removeLeftovers(): Promise<void>
}

interface BackupPorts {
  changes: Changes
  clock: Clock
  backups: BackupWriter
  elsewhere: Elsewhere
  /** Schedules closing everything and reopening the home; null if only the next start can do that. */
  restart: (() => void) | null
  fault(error: unknown): void
}

/** Id under which the progress can be followed. */
interface BackupTask {
  file: string
  taskId?: string | undefined
}

/** Creates backups of the home while it is in use and restores them, one at a time, as tasks that clients see and can cancel. */
export class Backups {
  private running: { taskId: string; controller: AbortController; done: Promise<unknown> } | null = null

  constructor(private readonly ports: BackupPorts) {
    ports.backups.removeLeftovers().catch(ports.fault)
  }

  /** Writes the whole home to one new file while the home is in use. */
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
   * Replaces the contents of the home, which are kept in another folder, by a backup. The backup is unpacked and verified first; then active
   * runs write a checkpoint, and the home is reopened: 'now', or at the next start.
   */
  async restore({ file, taskId }: BackupTask): Promise<{ when: 'now' | 'next start'; kept: string }> {
    const { backups, restart } = this.ports
    const { aside } = await this.begin({ kind: 'restore', title: `Restoring ${file}`, file, taskId }, (onProgress, signal) =>
      backups.prepareRestore({ file, signal, onProgress: (progress) => onProgress(progress, 'unpacking and verifying') }),
    )
    restart?.()
    return { when: restart ? 'now' : 'next start', kept: aside }
  }

  /** Cancels a backup, or a restore that has not begun to replace the home. */
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
