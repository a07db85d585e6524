import type { Task } from '../../contract/changes.js'
import { obstacleOf, UserError } from '../../contract/errors.js'
import type { Changes } from '../home/changes.js'
import type { Clock } from './clock.js'

/** Milliseconds between two reports of the progress. */
const PROGRESS_EVERY = 200

export type TaskProgress = (progress: number | null, message: string) => void

/**
 * Runs long work as a task whose progress and outcome clients see.
 *
 * @param signal aborts when the user cancels the task
 * @throws what the work throws, and UserError CONFLICT when it was cancelled
 */
export async function asTask<T>(
  { changes, clock }: { changes: Changes; clock: Clock },
  { signal, ...named }: Pick<Task, 'id' | 'kind' | 'title'> & { signal: AbortSignal },
  work: (onProgress: TaskProgress) => Promise<T>,
): Promise<T> {
  const tell = (rest: Pick<Task, 'state' | 'progress' | 'message'>): void =>
    changes.commit((record) => record({ kind: 'task', task: { ...named, ...rest } }))
  /** A report that cannot be stored now is skipped, because the next one says more: it must neither end the work nor hide why it failed. */
  const tellIfPossible = (rest: Pick<Task, 'state' | 'progress' | 'message'>): void => {
    try {
      tell(rest)
    } catch (error) {
      if (obstacleOf(error) === null) throw error
    }
  }
  let told = clock.elapsed()
  try {
    tell({ state: 'running', progress: null, message: '' })
    const result = await work((progress, message) => {
      if (clock.elapsed() - told < PROGRESS_EVERY) return
      told = clock.elapsed()
      tellIfPossible({ state: 'running', progress, message })
    })
    tell({ state: 'done', progress: 1, message: '' })
    return result
  } catch (error) {
    const message = signal.aborted ? 'Cancelled.' : error instanceof Error ? error.message : String(error)
    tellIfPossible({ state: signal.aborted ? 'cancelled' : 'failed', progress: null, message })
    throw signal.aborted ? new UserError('CONFLICT', `${named.title} was cancelled.`, { cause: error }) : error
  }
}
