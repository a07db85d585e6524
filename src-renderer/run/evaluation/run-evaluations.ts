import { computed, onScopeDispose, shallowRef, watch, type ComputedRef, type ShallowRef } from 'vue'
import type { Change, Task } from '../../../src-main/contract/changes.js'
import { evaluationTask, type Evaluation, type EvaluationSummary } from '../../../src-main/contract/evaluations.js'
import { useConnection } from '../../home/api.js'
import { Replica } from '../../home/replica.js'
import { useFeed } from '../../home/feed.js'
import { useNotices } from '../../home/notices.js'
import { useRuns } from '../../home/runs.js'
import { useTasks } from '../../home/tasks.js'

export interface RunEvaluations {
  /** Descending by step; null until they are known. */
  list: ShallowRef<EvaluationSummary[] | null>
  byFile: ComputedRef<ReadonlyMap<string, EvaluationSummary>>
  /** The running or queued evaluation of a checkpoint. */
  running(file: string): Task | null
  /** Resolves when the evaluation ends; a failure is shown. */
  evaluate(file: string): Promise<Evaluation | null>
  cancel(file: string): Promise<void>
  fetch(file: string): Promise<Evaluation>
}

/** The evaluations of one run, kept up to date while the calling scope lives. */
export function useRunEvaluations(runId: string): RunEvaluations {
  const { client } = useConnection()
  const feed = useFeed()
  const notices = useNotices()
  const runs = useRuns()
  const tasks = useTasks()
  const list = shallowRef<EvaluationSummary[] | null>(null)

  const replica = new Replica<EvaluationSummary[], Change>(
    (snapshot) => (list.value = newestFirst(snapshot)),
    (change) => {
      const known = list.value ?? []
      if (change.kind === 'evaluation') {
        const { evaluation } = change
        list.value = newestFirst([...known.filter(({ file }) => file !== evaluation.file).reverse(), evaluation])
      } else if (change.kind === 'truncated') list.value = known.filter(({ step }) => step <= change.afterStep)
    },
  )
  async function load(): Promise<void> {
    const request = replica.request()
    const { evaluations, seq } = await feed.ask(() => client.runs.evaluations.query({ id: runId }))
    replica.snapshot(request, seq, evaluations)
  }
  // If the run was deleted, its page says so.
  const reload = (): void => void load().catch(() => undefined)
  const stopListening = feed.listen((seq, change) => {
    if (change.kind === 'reset') reload()
    else if (change.kind === 'evaluation' ? change.evaluation.runId === runId : change.kind === 'truncated' && change.runId === runId)
      replica.change(seq, change)
  })
  const stopWaiting = watch(
    () => runs.loaded,
    (loaded) => loaded && reload(),
    { immediate: true },
  )
  onScopeDispose(() => {
    stopWaiting()
    stopListening()
  })

  const cancelled = new Set<string>()
  return {
    list,
    byFile: computed(() => new Map((list.value ?? []).map((each) => [each.file, each]))),
    running(file) {
      const task = tasks.byId.get(evaluationTask(runId, file))
      return task?.state === 'running' ? task : null
    },
    async evaluate(file) {
      cancelled.delete(file)
      return notices.attempt(async () => {
        try {
          return await client.runs.evaluate.mutate({ id: runId, file })
        } catch (error) {
          // The user cancelled it, so there is nothing to report.
          if (cancelled.delete(file)) return null
          throw error
        }
      })
    },
    async cancel(file) {
      cancelled.add(file)
      await notices.attempt(() => client.runs.cancelEvaluation.mutate({ id: runId, file }))
    },
    fetch: (file) => feed.ask(() => client.runs.evaluation.query({ id: runId, file })),
  }
}

/** Descending by step; of several evaluations of one step, the latest first. */
const newestFirst = (made: EvaluationSummary[]): EvaluationSummary[] => [...made].reverse().sort((a, b) => b.step - a.step)
