import { intervalOf, metricInfo, readingsOf, readValue, type Reading } from '../../src-main/contract/metrics.js'
import type { RunSummary } from '../../src-main/contract/runs.js'
import { isUntrusted } from '../ui/describe.js'
import { leaders } from './significance.js'
import { sampleOf, type Sample } from '../../src-main/contract/sample.js'

/** Whether higher or lower values of a metric are better; null if neither is. */
export const betterOf = (key: string): 'higher' | 'lower' | null => metricInfo(key).better ?? null

/** The part of a run's row with its metrics. */
export type Figured = Pick<RunSummary, 'name' | 'latest' | 'best' | 'reported' | 'gradients'>

/** The columns of a table of results: every reading of each metric. */
export const figureColumns = (metrics: readonly string[]): { key: string; kind: Reading }[] =>
  metrics.flatMap((key) => readingsOf(key).map((kind) => ({ key, kind })))

export interface FigureRow extends Record<Reading, Map<string, Sample>> {
  id: string
  label: string
  runs: readonly Figured[]
}

export interface FigureSource {
  id: string
  label: string
  runs: readonly Figured[]
}

/** The readings of the metrics by key, one row per run or group of runs; each aggregates the runs of the row that have it. */
export function figureRows(sources: readonly FigureSource[], keys: readonly string[]): FigureRow[] {
  return sources.map(({ id, label, runs }) => {
    const of = (kind: Reading): Map<string, Sample> =>
      new Map(keys.map((key) => [key, sampleOf(runs.map((run) => readValue(run, key, kind) ?? NaN))]))
    return { id, label, runs, reported: of('reported'), best: of('best'), last: of('last') }
  })
}

/** The number of runs in a row: the largest number of values in any of its columns. */
export const runsOf = (row: FigureRow, metrics: readonly string[]): number =>
  Math.max(0, ...figureColumns(metrics).map(({ key, kind }) => row[kind].get(key)?.n ?? 0))

/** The number of runs in a row with untrusted gradients; such a row is marked in the table and in every exported file. */
export const untrustedOf = ({ runs }: Pick<FigureRow, 'runs'>): number => runs.filter(isUntrusted).length

/** Explains the mark of such a row. */
export const UNTRUSTED_RULE =
  'Includes a run with unreliable gradients: gradients computed from reconstructed states differed from those of stored backpropagation by more than the tolerance, or could not be compared.'

/**
 * The 95% interval of an accuracy, for a row with the value of a single run: over the images that it was measured on, because there is no
 * spread over runs. Null for more runs, and if the number of images is unknown.
 */
export function intervalOfRow(row: FigureRow, key: string, kind: Reading): [number, number] | null {
  const [run, ...others] = row.runs.filter((one) => Number.isFinite(readValue(one, key, kind)))
  return run && others.length === 0 ? intervalOf(run, key, kind) : null
}

/**
 * The leading rows of a column, as defined by `leaders`; null if nothing can be said, or if no direction of the metric is better.
 */
export function leadingRows(rows: readonly FigureRow[], key: string, kind: Reading): Set<string> | null {
  const better = betterOf(key)
  const places =
    better &&
    leaders(
      rows.map((row) => row[kind].get(key)),
      better,
    )
  return places && new Set([...places].flatMap((i) => rows[i]?.id ?? []))
}
