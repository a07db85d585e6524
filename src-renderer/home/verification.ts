import { computed, ref, type ComputedRef } from 'vue'
import type { Task } from '../../src-main/contract/changes.js'
import { useDatasets } from './datasets.js'
import { useNotices } from './notices.js'
import { useTasks } from './tasks.js'

export interface Verification {
  /** The data set that is being verified; null if none is. */
  name: ComputedRef<string | null>
  task: ComputedRef<Task | null>
  /** Reads a data set completely and reports whether it is intact. */
  verify(name: string): Promise<void>
  cancel(): Promise<void>
}

/** Verifies a data set from a page, with progress and a way to cancel. */
export function useVerification(): Verification {
  const datasets = useDatasets()
  const notices = useNotices()
  const tasks = useTasks()
  const current = ref<{ name: string; taskId: string; cancelled: boolean } | null>(null)
  return {
    name: computed(() => current.value?.name ?? null),
    task: computed(() => (current.value ? (tasks.byId.get(current.value.taskId) ?? null) : null)),
    async verify(name) {
      if (current.value) return
      current.value = { name, taskId: crypto.randomUUID(), cancelled: false }
      const mine = current.value
      try {
        const { ok, problems } = await datasets.verify({ name, taskId: mine.taskId })
        if (ok) notices.show('info', `${name} is intact. Its content matches its hash.`)
        else notices.show('error', `${name} is damaged: ${problems.join('; ')}`)
      } catch (error) {
        if (!mine.cancelled) await notices.attempt(() => Promise.reject(error as Error))
      } finally {
        current.value = null
        tasks.forget(mine.taskId)
      }
    },
    async cancel() {
      if (!current.value) return
      current.value.cancelled = true
      const { taskId } = current.value
      await notices.attempt(() => datasets.cancelTask(taskId))
    },
  }
}
