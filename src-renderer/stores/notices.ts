import { defineStore } from 'pinia'
import { ref } from 'vue'
import { messageOf } from '../client/errors.js'

export interface Notice {
  id: number
  level: 'error' | 'info'
  text: string
  /** What the user can still do about it, such as undo. */
  action?: { label: string; run(): void } | undefined
}

/** What the snackbar shows, one after the other. */
export const useNotices = defineStore('notices', () => {
  const queue = ref<Notice[]>([])
  let count = 0
  let latest: Notice | undefined

  const show = (level: Notice['level'], text: string, action?: Notice['action']): void => {
    if (queue.value.some((notice) => notice.text === text)) return
    const notice = { id: ++count, level, text, action }
    queue.value.push(notice)
    if (action) latest = notice
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

  /** Does what a notice offers; by default the latest that offered something, also after it went by. Each is done once. */
  function act(which = latest?.id): void {
    const notice = latest?.id === which ? latest : queue.value.find(({ id }) => id === which)
    if (!notice) return
    if (notice === latest) latest = undefined
    queue.value = queue.value.filter(({ id }) => id !== notice.id)
    notice.action?.run()
  }

  return { queue, show, attempt, dismiss, act }
})
