import { computed, ref } from 'vue'
import type { LabEntry, LabOptions, LabResult, LabTargetInput } from '../../src-main/contract/lab.js'
import { useConnection } from '../home/api.js'
import { useNotices } from '../home/notices.js'
import { useTasks } from '../home/tasks.js'

/** Runs diagnostics one at a time, with progress and a way to cancel. */
export function useDiagnosticTask() {
  const { client } = useConnection()
  const notices = useNotices()
  const tasks = useTasks()
  const taskId = ref<string | null>(null)
  const task = computed(() => (taskId.value === null ? undefined : tasks.byId.get(taskId.value)))
  let cancelled = false

  /** Returns the result; null if it failed, which is shown as a notice, or was cancelled. */
  async function run(
    target: LabTargetInput,
    diagnostic: string,
    options: LabOptions,
  ): Promise<{ result: LabResult; entry: LabEntry | null } | null> {
    const id = `lab/${crypto.randomUUID()}`
    taskId.value = id
    cancelled = false
    const found = await notices.attempt(async () => {
      try {
        return await client.lab.run.mutate({ target, diagnostic, options, taskId: id })
      } catch (error) {
        // The user cancelled it, so there is nothing to report.
        if (cancelled) return null
        throw error
      }
    })
    taskId.value = null
    return found
  }

  async function cancel(): Promise<void> {
    const id = taskId.value
    if (id === null) return
    cancelled = true
    await notices.attempt(() => client.lab.cancel.mutate({ taskId: id }))
  }

  const running = computed(() => taskId.value !== null)
  return { task, running, run, cancel, wasCancelled: () => cancelled }
}
