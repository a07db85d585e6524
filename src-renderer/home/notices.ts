import { defineStore } from 'pinia'
import { ref } from 'vue'
import { messageOf } from './errors.js'

export interface Notice {
  id: number
  level: 'error' | 'info'
  text: string
  /** Whether what it tells of can still be undone. */
  undoable: boolean
}

/** A change that can be undone, as it was told. */
interface Change {
  id: number
  text: string
  undo(): unknown
}

/** Changes that can be undone, at most: the oldest are forgotten. */
const REMEMBERED = 50

/** What the snackbar shows, one after the other, and what was done in this window that can be undone. */
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

  /** Runs a user's action; a failure becomes a notice, and null is returned. */
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
  /** Tells of a change that was made, and offers to undo it; before it comes into sight, the last such notice goes. */
  function changed(text: string, undo: () => unknown): void {
    queue.value = queue.value.filter(({ undoable }) => !undoable)
    remember({ id: add('info', text, true), text, undo })
  }
  /** As `changed`, where all can see it: it is told when it is undone. */
  function changedInSight(text: string, undo: () => unknown): void {
    remember({ id: ++count, text, undo })
  }

  /** Undoes what a notice tells of; by default the last change that was not undone yet, also after its notice went by. */
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
