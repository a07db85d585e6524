import { csv } from './csv.js'
import type { Points } from './metrics.js'

/** One complete series of a run. */
export interface ExportedSeries {
  runId: string
  run: string
  key: string
  points: Points
}

/**
 * One row per stored point, in full precision: parsing a number gives the same double. NaN and infinities by name; time in ms since 1970.
 */
export const pointsCsv = (series: readonly ExportedSeries[]): string =>
  csv(
    ['run', 'name', 'metric', 'step', 'value', 'time_ms'],
    series.flatMap(({ runId, run, key, points: { steps, values, times } }) =>
      Array.from(steps, (step, i) => [runId, run, key, step, values[i], times[i]]),
    ),
  )
