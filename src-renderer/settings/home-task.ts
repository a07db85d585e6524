import { computed, ref, type ComputedRef, type Ref } from 'vue'
import type { Task } from '../../src-main/contract/changes.js'
import { useNotices } from '../home/notices.js'
import { useTasks } from '../home/tasks.js'
import { useConnection } from '../home/api.js'

export interface HomeTask {
  busy: ComputedRef<boolean>
  /** What is told of the work; null before the first word of it. */
  task: ComputedRef<Task | null>
  /** Absolute path of the backup's file. */
  file: Ref<string>
  /** Does the work with the file, and empties the field when that has succeeded; a failure is shown to the user and answers null. */
  run<T>(work: (request: { file: string; taskId: string }) => Promise<T>): Promise<T | null>
  cancel(): Promise<unknown>
}

/** A backup that is made, or put back, from a page: with its progress and a way to end it. */
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
