import type { RunSummary } from '../../../src-main/contract/runs.js'
import type { Column, Value } from './column.js'
import type { Item } from './group.js'

/** The runs that are folded into the rows of their studies, by study. */
export type StudyRuns = ReadonlyMap<string, readonly RunSummary[]>

/** The study into whose row a run is folded. Pinned runs keep rows of their own. */
const studyOf = ({ studyId, pinned }: RunSummary): string | null => (pinned ? null : studyId)

/** @param known whether a study has a row; the runs of other studies keep rows of their own */
export function runsByStudy(runs: readonly RunSummary[], known: ReadonlyMap<string, unknown>): StudyRuns {
  const within = new Map<string, RunSummary[]>()
  for (const run of runs) {
    const study = studyOf(run)
    if (study === null) continue
    const others = within.get(study)
    if (others) others.push(run)
    else if (known.has(study)) within.set(study, [run])
  }
  return within
}

/**
 * The rows of a table in which the runs of a study are folded into one row, so that a sweep does not bury the other runs. The row is placed
 * at the first of its runs, so that studies follow the order of the table too.
 * @param runs in the order of the table
 * @param within the same runs by study
 * @param isOpen whether the runs of a study follow its row
 */
export function studyItems(runs: readonly RunSummary[], within: StudyRuns, isOpen: (study: string) => boolean): Item[] {
  const rows: Item[] = []
  /** The rows inside each study that already has its row; null if it is collapsed. */
  const inside = new Map<string, Item[] | null>()
  for (const run of runs) {
    const study = studyOf(run)
    const its = study === null ? undefined : within.get(study)
    if (study === null || !its) {
      rows.push({ kind: 'run', id: run.id })
      continue
    }
    let lines = inside.get(study)
    if (lines === undefined) {
      lines = isOpen(study) ? [] : null
      inside.set(study, lines)
      rows.push({ kind: 'study', id: study, open: lines !== null, runs: its })
    }
    lines?.push({ kind: 'run', id: run.id, inside: study })
  }
  return rows.flatMap((row) => (row.kind === 'study' && row.open ? [row, ...(inside.get(row.id) ?? [])] : row))
}

/**
 * What a study shows in a column: the value that all of its runs share, their sum, the range of its numbers, or the number of distinct
 * values.
 */
export type StudyCell = { one: string } | { total: string } | { low: string; high: string } | { different: number } | null

/** Cached by the list of runs: another order of the table does not change the results. */
const found = new WeakMap<readonly RunSummary[], Map<Column, StudyCell>>()

export function studyCell(runs: readonly RunSummary[], column: Column): StudyCell {
  let cells = found.get(runs)
  if (!cells) found.set(runs, (cells = new Map()))
  let cell = cells.get(column)
  if (cell === undefined) cells.set(column, (cell = column.type === 'number' ? rangeOf(runs, column) : choiceOf(runs, column)))
  return cell
}

function rangeOf(runs: readonly RunSummary[], column: Column): StudyCell {
  let [low, high, sum] = [Infinity, -Infinity, 0]
  let dataset: string | undefined
  for (const run of runs) {
    const value = column.value(run)
    if (typeof value !== 'number' || Number.isNaN(value)) continue
    // Results on several data sets have no common range.
    if (column.ofData && run.dataset !== (dataset ??= run.dataset)) return null
    sum += value
    if (value < low) low = value
    if (value > high) high = value
  }
  if (low > high) return null
  if (column.total) return { total: column.show(sum) }
  return low === high ? { one: column.show(low) } : { low: column.show(low), high: column.show(high) }
}

function choiceOf(runs: readonly RunSummary[], column: Column): StudyCell {
  // A range of times would not be informative.
  if (column.type === 'time') return null
  const values = new Set<Value>()
  for (const run of runs) {
    const value = column.value(run)
    if (value !== null && value !== '') values.add(value)
  }
  const [first] = values
  if (first === undefined) return null
  return values.size === 1 ? { one: column.show(first) } : { different: values.size }
}
