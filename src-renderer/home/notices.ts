import { defineStore } from 'pinia'
import { ref } from 'vue'
import { messageOf } from './errors.js'

export interface Notice {
  id: number
  level: 'error' | 'info'
  text: string
  /** Whether the change can still be undone. */
  undoable: boolean
}

/** A change that can be undone, with the text of its notice. */
interface Change {
  id: number
  text: string
  undo(): unknown
}

/** Maximum number of changes that can be undone; the oldest are forgotten. */
const REMEMBERED = 50

/** The queue of notices shown in the snackbar, and the changes made in this window that can be undone. */
export const useNotices = defineStore('notices', () => {
  const queue = ref<Notice[]>([])
  let count = 0
  const changes: Change[] = []

  const add = (level: Notice['level'], text: string, undoable: boolean): number => {
    const id = ++count
    queue.value.push({ id, level, text, undoable })
    return id
  }
  const show = (level: Notice['level'], text: string): void => {
    if (!queue.value.some((notice) => notice.text === text)) add(level, text, false)
  }

  /** Runs an action of the user; a failure becomes a notice, and the result is null. */
  async function attempt<T>(action: () => Promise<T>): Promise<T | null> {
    try {
      return await action()
    } catch (error) {
      show('error', messageOf(error))
      return null
    }
  }

  const dismiss = (): void => {
    queue.value.shift()
  }

  function remember(change: Change): void {
    changes.push(change)
    if (changes.length > REMEMBERED) changes.shift()
  }
  /** Announces a change and offers to undo it; it replaces the notices of earlier changes. */
  function changed(text: string, undo: () => unknown): void {
    queue.value = queue.value.filter(({ undoable }) => !undoable)
    remember({ id: add('info', text, true), text, undo })
  }
  /** Like `changed`, for a change that is visible by itself: only undoing it is announced. */
  function changedInSight(text: string, undo: () => unknown): void {
    remember({ id: ++count, text, undo })
  }

  /** Undoes the change of a notice; by default the last change that was not undone yet, even if its notice is no longer shown. */
  async function undo(which = changes.at(-1)?.id): Promise<void> {
    const at = changes.findIndex(({ id }) => id === which)
    const [change] = at < 0 ? [] : changes.splice(at, 1)
    if (!change) return
    const shown = queue.value.some(({ id }) => id === change.id)
    queue.value = queue.value.filter(({ id }) => id !== change.id)
    const done = await attempt(async () => (await change.undo(), true))
    if (done && !shown) show('info', `Undone: ${change.text}`)
  }

  return { queue, show, attempt, dismiss, changed, changedInSight, undo }
})
