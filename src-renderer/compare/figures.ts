import type { SeriesBuffer } from '../series/series-buffer.js'
import { METRICS } from '../../src-main/contract/metrics.js'
import { sampleOf, type Sample } from './statistics.js'

/** Which of a metric's values is good; null where neither is. */
export const betterOf = (key: string): 'higher' | 'lower' | null => METRICS[key]?.better ?? null

/** The last value of a series, and the best finite one; NaN where there is none. */
export function figuresOf(key: string, buffer: SeriesBuffer | undefined): { final: number; best: number } {
  if (!buffer || buffer.length === 0) return { final: NaN, best: NaN }
  const final = buffer.value(buffer.length - 1)
  const { min, max, finite } = buffer.summarise(0, buffer.length)
  const better = betterOf(key)
  return { final, best: finite === 0 || better === null ? NaN : better === 'higher' ? max : min }
}

/** The columns of a table of figures: the final value of each metric, and the best one where one is better than another. */
export const figureColumns = (metrics: readonly string[]): { key: string; kind: 'final' | 'best' }[] =>
  metrics.flatMap((key) => (betterOf(key) ? (['final', 'best'] as const) : (['final'] as const)).map((kind) => ({ key, kind })))

export interface FigureRow {
  id: string
  label: string
  /** By metric: over the runs of the row, of which there is one or a group. */
  final: Map<string, Sample>
  best: Map<string, Sample>
}

export interface FigureSource {
  id: string
  label: string
  runs: { series: ReadonlyMap<string, SeriesBuffer> }[]
}

/** Final and best values of the metrics, a row a run or a group of runs. */
export function figureRows(sources: readonly FigureSource[], keys: readonly string[]): FigureRow[] {
  return sources.map(({ id, label, runs }) => {
    const of = (kind: 'final' | 'best'): Map<string, Sample> =>
      new Map(keys.map((key) => [key, sampleOf(runs.map(({ series }) => figuresOf(key, series.get(key))[kind]))]))
    return { id, label, final: of('final'), best: of('best') }
  })
}

/** The rows whose mean is the best of a metric; none where the metric has no better. */
export function bestRows(rows: readonly FigureRow[], key: string, kind: 'final' | 'best'): Set<string> {
  const better = betterOf(key)
  const means = rows.map((row) => row[kind].get(key)?.mean ?? NaN)
  const finite = means.filter(Number.isFinite)
  if (better === null || finite.length < 2) return new Set()
  const best = better === 'higher' ? Math.max(...finite) : Math.min(...finite)
  return new Set(rows.filter((_, i) => means[i] === best).map(({ id }) => id))
}
