import { csv, orEmpty } from '../../src-main/contract/csv.js'
import type { Leaf } from '../../src-main/contract/flat-config.js'
import { figureColumns, intervalOfRow, untrustedOf, type FigureRow } from './figures.js'

/**
 * The statistics of every reading of the metrics (see `readingsOf`), the 95% interval of a single run's accuracy, and the number of runs of
 * the row with untrusted gradients, whether or not they have a value here.
 */
function figures(rows: readonly FigureRow[], metrics: readonly string[]) {
  return rows.flatMap((row) =>
    figureColumns(metrics).flatMap(({ key, kind }) => {
      const sample = row[kind].get(key)
      if (!sample || sample.n === 0) return []
      const { n, mean, median, deviation, error, min, max } = sample
      const [low = NaN, high = NaN] = intervalOfRow(row, key, kind) ?? []
      return [
        {
          label: row.label,
          key,
          kind,
          n,
          statistics: { mean, median, deviation, error, min, max, low, high },
          untrusted: untrustedOf(row),
        },
      ]
    }),
  )
}

const STATISTICS = ['mean', 'median', 'deviation', 'error', 'min', 'max', 'low', 'high'] as const

/** One row for each run or group, metric and reading, in full precision; empty if there is no value. */
export const figuresCsv = (rows: readonly FigureRow[], metrics: readonly string[]): string =>
  csv(
    ['run', 'metric', 'reading', 'n', ...STATISTICS, 'untrusted_runs'],
    figures(rows, metrics).map(({ label, key, kind, n, statistics, untrusted }) => [
      label,
      key,
      kind,
      n,
      ...STATISTICS.map((name) => orEmpty(statistics[name])),
      untrusted,
    ]),
  )

/** The same as JSON: one object per row, null if a statistic is not defined. */
export function figuresJson(rows: readonly FigureRow[], metrics: readonly string[]): string {
  const number = (value: number): number | null => (Number.isFinite(value) ? value : null)
  return JSON.stringify(
    figures(rows, metrics).map(({ label, key, kind, n, statistics, untrusted }) => ({
      run: label,
      metric: key,
      reading: kind,
      n,
      ...Object.fromEntries(Object.entries(statistics).map(([name, value]) => [name, number(value)])),
      untrusted_runs: untrusted,
    })),
  )
}

/** One row per run with its known values, in full precision; empty if a value is unknown. */
export const quantitiesCsv = (
  runs: readonly { id: string; name: string }[],
  quantities: readonly { name: string; values: readonly Leaf[] }[],
): string =>
  csv(
    ['run', 'name', ...quantities.map(({ name }) => name)],
    runs.map(({ id, name }, i) => [id, name, ...quantities.map(({ values }) => values[i])]),
  )

/** The same as JSON: one object per run, by the names of the quantities. */
export const quantitiesJson = (...[runs, quantities]: Parameters<typeof quantitiesCsv>): string =>
  JSON.stringify(
    runs.map(({ id, name }, i) => ({
      run: id,
      name,
      values: Object.fromEntries(quantities.map((quantity) => [quantity.name, quantity.values[i] ?? null])),
    })),
  )
