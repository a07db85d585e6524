import { effectScope, onScopeDispose, shallowReactive, shallowRef, watch, type EffectScope, type Ref, type ShallowRef } from 'vue'
import type { RunDetail } from '../../src-main/contract/runs.js'
import { useConnection } from '../client/api.js'
import { messageOf } from '../client/errors.js'
import { useRunSeries, type RunSeries } from '../series/run-series.js'
import { useFeed } from '../stores/feed.js'

export interface ComparedRun {
  id: string
  series: RunSeries
  /** Its configuration; null until it is there. */
  detail: ShallowRef<RunDetail | null>
  error: ShallowRef<string | null>
}

/**
 * Follows several runs while the calling scope lives.
 * @param wanted the metrics of which every point is drawn; of the others a sketch is enough
 */
export function useComparedRuns(ids: Ref<readonly string[]>, wanted: () => ReadonlySet<string>): Map<string, ComparedRun> {
  const { client } = useConnection()
  const feed = useFeed()
  const runs = shallowReactive(new Map<string, ComparedRun>())
  const scopes = new Map<string, EffectScope>()

  function open(id: string): void {
    // Detached: it is stopped when the run leaves the comparison, and at the latest with the page.
    const scope = effectScope(true)
    scopes.set(id, scope)
    scope.run(() => {
      const detail = shallowRef<RunDetail | null>(null)
      const error = shallowRef<string | null>(null)
      runs.set(id, { id, series: useRunSeries(id, { wanted }, { client, feed }), detail, error })
      feed
        .ask(() => client.runs.get.query({ id }))
        .then((answer) => (detail.value = answer))
        .catch((reason: unknown) => (error.value = messageOf(reason)))
    })
  }

  watch(
    ids,
    (now) => {
      for (const [id, scope] of scopes) {
        if (now.includes(id)) continue
        scope.stop()
        scopes.delete(id)
        runs.delete(id)
      }
      for (const id of now) if (!scopes.has(id)) open(id)
    },
    { immediate: true },
  )
  onScopeDispose(() => scopes.forEach((scope) => scope.stop()))
  return runs
}
