import type { RunSummary } from '../../../src-main/contract/runs.js'
import { sampleOf } from '../../../src-main/contract/sample.js'
import { termOf, type Column, type Value } from './column.js'
import { compareKeys, sortKeyOf } from './sort.js'

/** What a group shows of a column. */
export type Mean =
  | {
      mean: number
      /** Of a sample (n - 1); null where there is one value. */
      deviation: number | null
      /** Values that it is of: those that are finite. */
      count: number
    }
  /** Figures of several data sets, which have no mean. */
  | { datasets: string[] }

export interface RunGroup {
  /** Tells it apart from the others, also after its runs have changed. */
  id: string
  value: Value
  /** In the order of the table. */
  runs: RunSummary[]
}

/** Runs of one value together, the groups in ascending order (or descending), those without a value last. */
export function groupRuns(runs: readonly RunSummary[], column: Column, descending = false): RunGroup[] {
  const groups = new Map<string, RunGroup>()
  for (const run of runs) {
    const value = column.value(run)
    const id = termOf(value)
    const group = groups.get(id)
    if (group) group.runs.push(run)
    else groups.set(id, { id, value, runs: [run] })
  }
  const keyed = [...groups.values()].map((group) => ({ group, key: sortKeyOf(group.value) }))
  keyed.sort((a, b) => {
    if (a.key === b.key) return 0
    if (a.key === null) return 1
    if (b.key === null) return -1
    return (descending ? -1 : 1) * compareKeys(a.key, b.key)
  })
  return keyed.map(({ group }) => group)
}

/** Mean and deviation of the finite values of a column; null where there is none. */
export function meanOf(runs: readonly RunSummary[], column: Column): Mean | null {
  const values: number[] = []
  const datasets = new Set<string>()
  for (const run of runs) {
    const value = column.value(run)
    if (typeof value !== 'number' || !Number.isFinite(value)) continue
    values.push(value)
    datasets.add(run.dataset)
  }
  if (values.length === 0) return null
  if (column.ofData && datasets.size > 1) return { datasets: [...datasets] }
  const { n, mean, deviation } = sampleOf(values)
  return { mean, deviation: n > 1 ? deviation : null, count: n }
}

/** One line of the table. */
export type Item =
  | { kind: 'group'; id: string; value: Value; open: boolean; runs: readonly RunSummary[]; means: ReadonlyMap<string, Mean> }
  /** A study by its id, with those of its runs that the view lets pass, in whatever order. */
  | { kind: 'study'; id: string; open: boolean; runs: readonly RunSummary[] }
  /** `inside`: the study in whose row it is unfolded. */
  | { kind: 'run'; id: string; inside?: string }

/** The lines of a grouped table: of a closed group only its head. */
export function groupItems(groups: readonly RunGroup[], closed: ReadonlySet<string>, shown: readonly Column[]): Item[] {
  const averaged = shown.filter(({ mean }) => mean)
  const items: Item[] = []
  for (const { id, value, runs } of groups) {
    const open = !closed.has(id)
    const means = new Map(
      averaged.flatMap((column) => {
        const found = meanOf(runs, column)
        return found ? [[column.key, found] as const] : []
      }),
    )
    items.push({ kind: 'group', id, value, open, runs, means })
    if (open) for (const run of runs) items.push({ kind: 'run', id: run.id })
  }
  return items
}
