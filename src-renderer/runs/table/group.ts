import type { RunSummary } from '../../../src-main/contract/runs.js'
import { sampleOf } from '../../../src-main/contract/sample.js'
import { termOf, type Column, type Value } from './column.js'
import { compareKeys, sortKeyOf } from './sort.js'

/** The summary of a column in a group. */
export type Mean =
  | {
      mean: number
      /** Sample standard deviation (n - 1); null if there is only one value. */
      deviation: number | null
      /** Number of finite values. */
      count: number
    }
  /** Results on several data sets, which have no mean. */
  | { datasets: string[] }

export interface RunGroup {
  /** Identifies the group, even after its runs have changed. */
  id: string
  value: Value
  /** In the order of the table. */
  runs: RunSummary[]
}

/** Groups runs by value, in ascending order (or descending); the group without a value comes last. */
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

/** Mean and standard deviation of the finite values of a column; null if there are none. */
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

/** One row of the table. */
export type Item =
  | { kind: 'group'; id: string; value: Value; open: boolean; runs: readonly RunSummary[]; means: ReadonlyMap<string, Mean> }
  /** A study by its id, with its matching runs, in any order. */
  | { kind: 'study'; id: string; open: boolean; runs: readonly RunSummary[] }
  /** `inside`: the study in whose row it is expanded. */
  | { kind: 'run'; id: string; inside?: string }

/** The rows of a grouped table; a collapsed group has only its header. */
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
