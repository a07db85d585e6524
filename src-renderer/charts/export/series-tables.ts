import { csv, exactNumber, orEmpty } from '../../../src-main/contract/csv.js'
import type { ExportedSeries } from '../../../src-main/contract/points-csv.js'
import type { Aggregate } from '../series/aggregate.js'

/** The statistics of a group of runs as in a chart, without smoothing. */
export interface ExportedGroup {
  label: string
  key: string
  aggregate: Aggregate
}

/** One row per step of a group: the number of runs with a value there, their centre, and the edges of the band; empty if there is none. */
export const groupsCsv = (groups: readonly ExportedGroup[]): string =>
  csv(
    ['group', 'metric', 'center', 'band', 'step', 'n', 'value', 'low', 'high'],
    groups.flatMap(({ label, key, aggregate: { buffer, counts, low, high, center, spread } }) =>
      counts.map((n, i) => [label, key, center, spread, buffer.step(i), n, ...[buffer.value(i), low.value(i), high.value(i)].map(orEmpty)]),
    ),
  )

/** Stored points as JSON. JSON has no NaN and infinities, and few parsers preserve -0, so that these are strings. */
export function pointsJson(series: readonly ExportedSeries[]): string {
  const plain = (array: Float64Array): (number | string)[] =>
    Array.from(array, (value) => (Number.isFinite(value) && !Object.is(value, -0) ? value : exactNumber(value)))
  return JSON.stringify(
    series.map(({ runId, run, key, points: { steps, values, times } }) => ({
      run: runId,
      name: run,
      metric: key,
      steps: plain(steps),
      values: plain(values),
      times: plain(times),
    })),
  )
}
