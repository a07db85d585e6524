import { onScopeDispose, ref, shallowRef, watch, type Ref } from 'vue'
import type { ComparisonView } from '../../src-main/contract/comparisons.js'
import { ACTIVE_SECONDS, ELAPSED_SECONDS } from '../../src-main/contract/metrics.js'
import type { ChartPage } from '../charts/chart-page.js'
import type { SeriesBuffer } from '../charts/series/series-buffer.js'
import type { Smoothed } from '../charts/series/smoothed.js'
import { useRuns } from '../home/runs.js'
import { Aggregate, type Member } from '../charts/series/aggregate.js'
import type { ComparedRun } from './compared-runs.js'
import type { RunGroup } from './groups.js'

/** The input of the groups' statistics. */
export interface GroupSource {
  view: ComparisonView
  groups: readonly RunGroup[]
  runs: ReadonlyMap<string, ComparedRun>
  metrics: readonly string[]
  version: number
}

/** Milliseconds of computation per frame. */
const BUDGET = 8
/** Number of points that are smoothed at a time. */
const SMOOTHED_AT_ONCE = 65_536

/**
 * The statistics of every group by metric, of the raw series and of the series smoothed run by run. They are computed in the background, a
 * few milliseconds at a time; `counted` is incremented with every step.
 */
export function useAggregates(source: () => GroupSource, page: Pick<ChartPage, 'smoothed'>, smoothing: Readonly<Ref<number>>) {
  const rows = useRuns()
  const aggregates = shallowRef(new Map<string, Aggregate>())
  const counted = ref(0)
  /** The smoothed series that the statistics need first. */
  let averages: Smoothed[] = []
  let timer = 0

  const nameOf = (key: string, { runs }: RunGroup, weight: number): string =>
    [key, runs.map(({ id }) => id).join(), source().view.center, source().view.spread, weight].join('\n')

  function membersOf(key: string, { runs }: RunGroup, weight: number): Member[] {
    return runs.flatMap(({ id }) => {
      const series = source().runs.get(id)?.series.series
      const buffer = series?.get(key)
      if (!series || !buffer) return []
      const active: SeriesBuffer | null = series.get(ACTIVE_SECONDS) ?? null
      const elapsed: SeriesBuffer | null = series.get(ELAPSED_SECONDS) ?? null
      const member: Member = { buffer, startedAt: rows.byId.get(id)?.startedAt ?? null, active, elapsed }
      if (weight === 0) return [member]
      const values = page.smoothed(buffer, weight)
      averages.push(values)
      return [{ ...member, values }]
    })
  }

  function refresh(): void {
    const next = new Map<string, Aggregate>()
    averages = []
    const { metrics, groups, view } = source()
    for (const key of metrics)
      for (const group of groups) {
        if (group.runs.length < 2) continue
        for (const weight of new Set([0, smoothing.value])) {
          const members = membersOf(key, group, weight)
          const name = nameOf(key, group, weight)
          const known = aggregates.value.get(name)
          if (known) known.members = members
          next.set(name, known ?? new Aggregate(members, view.center, view.spread))
        }
      }
    if (next.size !== aggregates.value.size || [...next.keys()].some((name) => !aggregates.value.has(name))) aggregates.value = next
    count()
  }

  function count(): void {
    cancelAnimationFrame(timer)
    if (aggregates.value.size === 0) return
    const deadline = performance.now() + BUDGET
    let done = true
    for (const average of averages) while (!average.update(SMOOTHED_AT_ONCE) && performance.now() < deadline);
    for (const aggregate of aggregates.value.values()) {
      if (!aggregate.update(deadline) || performance.now() > deadline) done = false
    }
    counted.value += 1
    if (!done || averages.some(({ length, source: { length: all } }) => length < all)) timer = requestAnimationFrame(count)
  }

  watch(
    [
      () => source().version,
      () => source().metrics,
      () => source().groups,
      () => source().view.center,
      () => source().view.spread,
      smoothing,
    ],
    refresh,
    { immediate: true },
  )
  onScopeDispose(() => cancelAnimationFrame(timer))

  return {
    counted,
    of: (key: string, group: RunGroup, weight = 0): Aggregate | undefined => aggregates.value.get(nameOf(key, group, weight)),
  }
}
