import type { NewAlert } from '../features/home/alerts.js'
import { placeRestored, takeBackRestored, type Restored } from '../storage/place-restored.js'
import type { DefectListener } from '../transport/channel-server.js'
import type { Backend } from './replaceable-backend.js'

type Open = (news: readonly NewAlert[]) => Promise<Backend>

/**
 * Opens the back end of a home that this process holds, after swapping in a backup that was prepared for it. If the backup cannot be
 * opened, it is swapped out again and the home is opened as before.
 *
 * @param closed the result of closing the previous back end; null at the start
 * @throws what the back end throws when the home cannot be opened
 */
export async function reopen(
  home: string,
  open: Open,
  closed: PromiseSettledResult<void> | null,
  onDefect: DefectListener,
): Promise<Backend> {
  // What it could not write belongs to the home that is set aside, and shows at the next start of that home.
  if (closed?.status === 'rejected') onDefect(asError(closed.reason), 'restore')
  const restored = placeRestored(home)
  if (!restored) return open([])
  try {
    return await open([newsOf(restored)])
  } catch (error) {
    onDefect(asError(error), 'restore')
    takeBackRestored(home, restored.kept)
    const message = `The backup ${restored.file} could not be opened (${asError(error).message}). The home is unchanged.`
    return open([{ kind: 'restored', level: 'error', runId: null, message }])
  }
}

function newsOf({ file, createdAt, kept }: Restored): NewAlert {
  const made = new Date(createdAt).toISOString().slice(0, 16).replace('T', ' ')
  const before = kept === null ? '' : ` The previous home was moved to ${kept}.`
  return { kind: 'restored', level: 'info', runId: null, message: `The backup ${file} of ${made} UTC was restored.${before}` }
}

const asError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)))
