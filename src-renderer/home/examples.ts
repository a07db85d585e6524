import { defineStore } from 'pinia'
import { computed, ref, shallowRef } from 'vue'
import type { ExampleRun, Examples } from '../../src-main/contract/examples.js'
import type { RunSummary } from '../../src-main/contract/runs.js'
import { useConnection } from './api.js'
import { useNotices } from './notices.js'
import { useRuns } from './runs.js'
import { useTasks } from './tasks.js'

/**
 * The example runs and studies that come with Retrace: which ones exist, which of them this home has, and how they are added and removed.
 */
export const useExamples = defineStore('examples', () => {
  const { client } = useConnection()
  const notices = useNotices()
  const runs = useRuns()
  const tasks = useTasks()

  const list = shallowRef<Examples | null>(null)
  let loading: Promise<void> | null = null
  /** Loads the list once, and again after a failed call. */
  function load(): Promise<void> {
    loading ??= client.examples.list
      .query()
      .then((found) => void (list.value = found))
      .catch((error: unknown) => {
        loading = null
        throw error
      })
    return loading
  }

  /** The example runs in this home. */
  const here = computed<RunSummary[]>(() => (list.value?.runs ?? []).flatMap(({ id }) => runs.byId.get(id) ?? []))
  /** The example runs in this home with the given role, in the order of their seeds. */
  const showing = (role: ExampleRun['role']): string[] =>
    (list.value?.runs ?? []).filter((run) => run.role === role && runs.byId.has(run.id)).map(({ id }) => id)

  const taskId = ref<string | null>(null)
  const opening = computed(() => taskId.value !== null)
  const task = computed(() => (taskId.value === null ? null : (tasks.byId.get(taskId.value) ?? null)))

  const bring = (): Promise<unknown> => {
    const id = (taskId.value = crypto.randomUUID())
    return client.examples.open.mutate({ taskId: id }).finally(() => {
      taskId.value = null
      tasks.forget(id)
    })
  }
  /** Returns whether they are now present; a failure is shown. */
  async function open(): Promise<boolean> {
    if (opening.value) return false
    const done = await notices.attempt(async () => (await Promise.all([bring(), load()]), true))
    return done === true
  }
  const cancel = (): Promise<unknown> =>
    notices.attempt(async () => taskId.value !== null && client.examples.cancel.mutate({ taskId: taskId.value }))

  /** Removes all examples; this can be undone. */
  async function remove(): Promise<void> {
    const removed = await notices.attempt(() => client.examples.remove.mutate())
    if (removed && removed.runs + removed.studies > 0) notices.changed('Removed the examples.', bring)
  }

  return { list, load, here, showing, opening, task, open, cancel, remove }
})
