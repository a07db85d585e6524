import { intervalOf, metricInfo, readingsOf, readValue, type Reading } from '../../src-main/contract/metrics.js'
import type { RunSummary } from '../../src-main/contract/runs.js'
import { isUntrusted } from '../ui/describe.js'
import { leaders } from './significance.js'
import { sampleOf, type Sample } from '../../src-main/contract/sample.js'

/** Which of a metric's values is good; null where neither is. */
export const betterOf = (key: string): 'higher' | 'lower' | null => metricInfo(key).better ?? null

/** What a run's row says of its metrics. */
export type Figured = Pick<RunSummary, 'name' | 'latest' | 'best' | 'reported' | 'gradients'>

/** The columns of a table of figures: every reading that each metric has. */
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

/** The readings of the metrics by key, a row a run or a group of runs; each is over the runs of the row that have it. */
export function figureRows(sources: readonly FigureSource[], keys: readonly string[]): FigureRow[] {
  return sources.map(({ id, label, runs }) => {
    const of = (kind: Reading): Map<string, Sample> =>
      new Map(keys.map((key) => [key, sampleOf(runs.map((run) => readValue(run, key, kind) ?? NaN))]))
    return { id, label, runs, reported: of('reported'), best: of('best'), last: of('last') }
  })
}

/** How many runs a row is of: those of the figure that most have. */
export const runsOf = (row: FigureRow, metrics: readonly string[]): number =>
  Math.max(0, ...figureColumns(metrics).map(({ key, kind }) => row[kind].get(key)?.n ?? 0))

/** How many runs of a row have gradients that are not trustworthy: what marks the row in the table and in every file of it. */
export const untrustedOf = ({ runs }: Pick<FigureRow, 'runs'>): number => runs.filter(isUntrusted).length

/** What the mark of such a row says, after the mark. */
export const UNTRUSTED_RULE =
  'Includes a run with unreliable gradients: gradients computed from reconstructed states differed from those of stored backpropagation by more than the tolerance, or could not be compared.'

/**
 * The 95% interval of an accuracy of which a row has one run's value alone, over the images that it is a fraction of: there the spread
 * of several runs says nothing. null for more runs, and where the number of images is not known.
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
