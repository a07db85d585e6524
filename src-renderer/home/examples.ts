import { defineStore } from 'pinia'
import { computed, ref, shallowRef } from 'vue'
import type { ExampleRun, Examples } from '../../src-main/contract/examples.js'
import type { RunSummary } from '../../src-main/contract/runs.js'
import { useConnection } from './api.js'
import { useNotices } from './notices.js'
import { useRuns } from './runs.js'
import { useTasks } from './tasks.js'

/** The finished runs and studies that come with Retrace: which there are, which this home has, and how they come and go. */
export const useExamples = defineStore('examples', () => {
  const { client } = useConnection()
  const notices = useNotices()
  const runs = useRuns()
  const tasks = useTasks()

  const list = shallowRef<Examples | null>(null)
  let loading: Promise<void> | null = null
  /** Asks once which there are, and again after a call that failed. */
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

  /** Those that this home has. */
  const here = computed<RunSummary[]>(() => (list.value?.runs ?? []).flatMap(({ id }) => runs.byId.get(id) ?? []))
  /** Runs of this home that show the same, in the order of their seeds. */
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
  /** Answers whether they are there now; a failure is shown. */
  async function open(): Promise<boolean> {
    if (opening.value) return false
    const done = await notices.attempt(async () => (await Promise.all([bring(), load()]), true))
    return done === true
  }
  const cancel = (): Promise<unknown> =>
    notices.attempt(async () => taskId.value !== null && client.examples.cancel.mutate({ taskId: taskId.value }))

  /** Removes all of them; that can be undone. */
  async function remove(): Promise<void> {
    const removed = await notices.attempt(() => client.examples.remove.mutate())
    if (removed && removed.runs + removed.studies > 0) notices.changed('Removed the examples.', bring)
  }

  return { list, load, here, showing, opening, task, open, cancel, remove }
})
