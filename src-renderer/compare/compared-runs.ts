import { shallowRef, type Ref, type ShallowRef } from 'vue'
import type { RunDetail } from '../../src-main/contract/runs.js'
import { useConnection } from '../home/api.js'
import { useEach } from '../home/each.js'
import { messageOf } from '../home/errors.js'
import { useRunSeries, type RunSeries } from '../charts/series/run-series.js'
import { useFeed } from '../home/feed.js'

export interface ComparedRun {
  id: string
  series: RunSeries
  /** The run with its configuration; null until it has loaded. */
  detail: ShallowRef<RunDetail | null>
  error: ShallowRef<string | null>
}

/**
 * Follows several runs while the calling scope lives.
 * @param wanted the metrics of which every point is drawn; the others are loaded in reduced form
 * @param formulas see `LoadOptions`
 */
export function useComparedRuns(
  ids: Ref<readonly string[]>,
  wanted: () => ReadonlySet<string>,
  formulas: () => readonly string[] = () => [],
): Map<string, ComparedRun> {
  const { client } = useConnection()
  const feed = useFeed()
  return useEach(ids, (id) => {
    const detail = shallowRef<RunDetail | null>(null)
    const error = shallowRef<string | null>(null)
    feed
      .ask(() => client.runs.get.query({ id }))
      .then((answer) => (detail.value = answer))
      .catch((reason: unknown) => (error.value = messageOf(reason)))
    return { id, series: useRunSeries(id, { wanted, formulas }, { client, feed }), detail, error }
  })
}
