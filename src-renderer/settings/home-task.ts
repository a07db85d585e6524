import { computed, ref, type ComputedRef, type Ref } from 'vue'
import type { Task } from '../../src-main/contract/changes.js'
import { useNotices } from '../home/notices.js'
import { useTasks } from '../home/tasks.js'
import { useConnection } from '../home/api.js'

export interface HomeTask {
  busy: ComputedRef<boolean>
  /** The progress of the task; null before its first report. */
  task: ComputedRef<Task | null>
  /** Absolute path of the backup's file. */
  file: Ref<string>
  /** Runs the task with the file, and clears the field if it succeeds; a failure is shown to the user, and the result is null. */
  run<T>(work: (request: { file: string; taskId: string }) => Promise<T>): Promise<T | null>
  cancel(): Promise<unknown>
}

/** Makes or restores a backup from a page, with progress and a way to cancel. */
export function useHomeTask(): HomeTask {
  const { client } = useConnection()
  const notices = useNotices()
  const tasks = useTasks()
  const file = ref('')
  const taskId = ref<string | null>(null)
  return {
    busy: computed(() => taskId.value !== null),
    task: computed(() => (taskId.value === null ? null : (tasks.byId.get(taskId.value) ?? null))),
    file,
    async run(work) {
      const id = (taskId.value = crypto.randomUUID())
      const done = await notices.attempt(() => work({ file: file.value.trim(), taskId: id }))
      taskId.value = null
      tasks.forget(id)
      if (done !== null) file.value = ''
      return done
    },
    cancel: () => notices.attempt(() => client.storage.cancelBackup.mutate({ taskId: taskId.value ?? '' })),
  }
}
