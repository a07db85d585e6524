import { numberOf, spansDecades, type LabTable } from '../../src-main/contract/lab.js'
import type { RunSummary } from '../../src-main/contract/runs.js'
import { describeFactors, type StudyCell, type StudyReport } from '../../src-main/contract/studies.js'
import { chartTheme, valueColour, type LineStyle } from '../charts/palette.js'
import type { RunInfo } from '../compare/groups.js'
import { isNumber, type Quantity } from '../compare/relations.js'
import { cellTitle } from '../lab/show-cell.js'
import { cellLook } from '../ui/cell-look.js'

/** Maximum number of lines that are drawn; more would hide each other. */
export const MOST_LINES = 300
/** The report's table with one row per cell, in their order, and the metric by which a search ranks them. */
const TABLE = 'cells'
const METRIC = 'validation'
/** The metric at a common step, if the cells' own values are from different steps. */
const COMPARABLE = 'firstRung'
/** Columns with measured values, besides the metric. */
const MEASURED: ReadonlySet<string> = new Set([METRIC, COMPARABLE, 'rung', 'parameters', 'seconds'])
/** Columns without an axis: the step is redundant with the rung, and values at different steps are not comparable. */
const NO_AXIS: ReadonlySet<string> = new Set([METRIC, COMPARABLE, 'state', 'rungStep'])

/** A search as parallel coordinates: one line per cell, one axis for each key that differs, and the metric last. */
export interface ParallelSearch {
  runs: RunInfo[]
  axes: Quantity[]
  metric: Quantity
  /** Cells that failed or diverged, and cells without a result yet, by index. */
  failed: ReadonlySet<number>
  waiting: ReadonlySet<number>
  /** The number of cells; those beyond `MOST_LINES` are not drawn. */
  cells: number
}

function quantityOf({ key, label, unit, values }: LabTable['columns'][number]): Quantity {
  const shown = values.map((value) => {
    if (value === null || typeof value === 'boolean') return value === null ? null : String(value)
    const number = numberOf(value)
    return Number.isFinite(number) ? number : typeof value === 'string' ? value : null
  })
  const measured = MEASURED.has(key)
  return { id: key, name: key, label, title: cellTitle(label, unit), unit, measured, logarithmic: spansDecades(shown), values: shown }
}

/** Null for a study without a ranking, or if no key differs yet. */
export function parallelSearch(
  report: StudyReport,
  cells: readonly StudyCell[],
  runs: ReadonlyMap<string, RunSummary>,
): ParallelSearch | null {
  const table = report.tables.find(({ key }) => key === TABLE)
  const ranked = table?.columns.find(({ key }) => key === COMPARABLE) ?? table?.columns.find(({ key }) => key === METRIC)
  if (!table || !ranked) return null
  const cut = <T>(values: readonly T[]): T[] => values.slice(0, MOST_LINES)
  const runCells = cells.filter(({ work }) => work.kind === 'run')
  const drawn = cut(runCells)
  const quantities = table.columns
    .filter(({ key }) => !NO_AXIS.has(key))
    .map((column) => quantityOf({ ...column, values: cut(column.values) }))
    .filter(({ values }) => new Set(values).size > 1)
  const metric = quantityOf({ ...ranked, values: cut(ranked.values) })
  if (quantities.length === 0 || !metric.values.some(isNumber)) return null
  const places = (wanted: (cell: StudyCell) => boolean): Set<number> => new Set(drawn.flatMap((cell, at) => (wanted(cell) ? [at] : [])))
  const failed = places(({ state }) => state === 'failed' || state === 'diverged')
  // The states get an axis, in addition to their dashes, once some cells have not finished.
  const states: Quantity[] = drawn.every(({ state }) => state === 'finished' || state === 'dropped')
    ? []
    : [
        {
          ...quantityOf({ key: 'state', label: 'State', symbol: '', unit: '', values: drawn.map(({ state }) => cellLook(state).label) }),
          measured: false,
        },
      ]
  return {
    runs: drawn.map(({ runId, position, factors }) => {
      const run = runId === null ? undefined : runs.get(runId)
      const seed = Number(factors['seed'] ?? run?.seed ?? 0)
      return {
        id: runId ?? `cell ${position}`,
        name: describeFactors(factors),
        preset: run?.preset ?? '',
        dataset: run?.dataset ?? '',
        seed,
        config: null,
      }
    }),
    axes: [...quantities.filter(({ measured }) => !measured), ...quantities.filter(({ measured }) => measured), ...states, metric],
    metric,
    failed,
    waiting: new Set(drawn.flatMap((_, at) => (failed.has(at) || isNumber(metric.values[at]) ? [] : [at]))),
    cells: runCells.length,
  }
}

/**
 * Lightness encodes the metric; cells that failed or diverged are dashed in the colour of errors, and cells without a result are dotted and
 * faint.
 */
export function styleOf({ metric, failed }: Pick<ParallelSearch, 'metric' | 'failed'>, dark: boolean): (place: number) => LineStyle {
  const numbers = metric.values.filter(isNumber)
  const [low, high] = [Math.min(...numbers), Math.max(...numbers)]
  const theme = chartTheme(dark)
  return (place) => {
    if (failed.has(place)) return { color: theme.error, dash: [7, 4] }
    const value = metric.values[place]
    if (!isNumber(value)) return { color: theme.faint, dash: [2, 3] }
    return { color: valueColour(high > low ? (value - low) / (high - low) : 1, dark), dash: [] }
  }
}
