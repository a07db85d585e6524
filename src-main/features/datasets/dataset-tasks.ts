import { UserError } from '../../contract/errors.js'
import type { Changes } from '../home/changes.js'
import type { Clock } from '../shared/clock.js'
import { asTask } from '../shared/tasks.js'
import type { DatasetFiles } from './dataset-files.js'
import type { DatasetImporter } from './importer.js'

type WorkOptions = Parameters<DatasetImporter['import']>[1]

/** Long-running tasks on data sets: clients see their progress and their end, and can cancel them. */
export class DatasetTasks {
  private readonly running = new Map<string, AbortController>()
  private readonly requests = new Set<Promise<unknown>>()

  constructor(private readonly ports: { changes: Changes; clock: Clock; files: DatasetFiles }) {}

  /** Whether a request has not been answered yet. */
  get busy(): boolean {
    return this.requests.size > 0
  }

  /** Counts a request as running until it ends, even before its task has started. */
  tracked<T>(work: Promise<T>): Promise<T> {
    this.requests.add(work)
    const done = (): boolean => this.requests.delete(work)
    work.then(done, done)
    return work
  }

  /** Runs the work as a task with this id. */
  async run<T>(id: string, title: string, work: (options: WorkOptions) => Promise<T>): Promise<T> {
    const controller = new AbortController()
    const { signal } = controller
    this.running.set(id, controller)
    try {
      return await asTask(this.ports, { id, kind: 'dataset', title, signal }, (onProgress) =>
        work({ into: this.ports.files.datasets, onProgress, signal }),
      )
    } finally {
      this.running.delete(id)
    }
  }

  /** @throws UserError CONFLICT when a task has that id */
  requireIdle(taskId: string): void {
    if (this.running.has(taskId)) throw new UserError('CONFLICT', `A task ${taskId} is already running. Choose another id.`)
  }

  /** @throws UserError NOT_FOUND when no task with that id is running */
  cancel(taskId: string): void {
    const controller = this.running.get(taskId)
    if (!controller) throw new UserError('NOT_FOUND', `No task ${taskId} is running. It has already ended, or never started.`)
    controller.abort()
  }

  /** Cancels everything, and waits until every request has ended. */
  async close(): Promise<void> {
    for (const controller of this.running.values()) controller.abort()
    await Promise.allSettled([...this.requests])
  }
}
