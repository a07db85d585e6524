import { bestOf, type Points } from '../../contract/metrics.js'
import type { RunSummary } from '../../contract/runs.js'
import { packForWire } from '../shared/packing.js'
import type { SeriesStore } from './series-store.js'

/**
 * Stores points of a run by metric. The store drops points whose step is not above the last one. Must be called inside a commit.
 * @returns the updated latest and best values of the run, the change to publish, and the number of points dropped
 */
export function appendPoints(
  series: Pick<SeriesStore, 'append'>,
  run: Pick<RunSummary, 'id' | 'latest' | 'best'>,
  given: Iterable<readonly [key: string, points: Points]>,
) {
  const [latest, best] = [{ ...run.latest }, { ...run.best }]
  let ignored = 0
  const added = [...given].flatMap(([key, points]) => {
    const fresh = series.append(run.id, key, points)
    ignored += points.steps.length - fresh.steps.length
    const last = fresh.values.at(-1)
    if (last === undefined) return []
    latest[key] = last
    const better = bestOf(key, best[key], fresh.values)
    if (better !== undefined) best[key] = better
    return [{ key, points: packForWire(fresh) }]
  })
  return { latest, best, added, ignored }
}
