import { csv, orEmpty } from '../../src-main/contract/csv.js'
import type { Leaf } from '../../src-main/contract/flat-config.js'
import { figureColumns, intervalOfRow, untrustedOf, type FigureRow } from './figures.js'

/**
 * The statistics of every reading of the metrics (see `readingsOf`), of one run's accuracy its 95% interval, and how many runs of the row
 * have gradients that are not trustworthy, whether or not they have a value here.
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

/** A row each run or group, metric and reading, in full precision; empty where there is none. */
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

/** The same as JSON: an object a row, null where a statistic is not defined. */
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

/** A row a run with what is known of it, in full precision; empty where a value is not known. */
export const quantitiesCsv = (
  runs: readonly { id: string; name: string }[],
  quantities: readonly { name: string; values: readonly Leaf[] }[],
): string =>
  csv(
    ['run', 'name', ...quantities.map(({ name }) => name)],
    runs.map(({ id, name }, i) => [id, name, ...quantities.map(({ values }) => values[i])]),
  )

/** The same as JSON: an object a run, by the quantities' names. */
export const quantitiesJson = (...[runs, quantities]: Parameters<typeof quantitiesCsv>): string =>
  JSON.stringify(
    runs.map(({ id, name }, i) => ({
      run: id,
      name,
      values: Object.fromEntries(quantities.map((quantity) => [quantity.name, quantity.values[i] ?? null])),
    })),
  )
