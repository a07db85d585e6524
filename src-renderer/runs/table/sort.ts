import type { RunSummary } from '../../../src-main/contract/runs.js'
import type { SortKey } from '../../../src-main/contract/run-views.js'
import type { Column, Value } from './column.js'

type Key = number | string | null

const DIGITS = /\d+/g

/** Sorts "run 2" before "run 10", ignoring case. */
const natural = (text: string): string => text.toLowerCase().replace(DIGITS, (digits) => digits.padStart(15, '0'))

/** Missing values and NaN have no order. */
export function sortKeyOf(value: Value): Key {
  if (typeof value === 'string') return value === '' ? null : natural(value)
  if (typeof value === 'boolean') return Number(value)
  return value === null || Number.isNaN(value) ? null : value
}

/** Ascending: numbers before texts. */
export function compareKeys(a: string | number, b: string | number): number {
  if (typeof a === typeof b) return a < b ? -1 : a > b ? 1 : 0
  return typeof a === 'number' ? -1 : 1
}

/**
 * Sorts runs: pinned runs first, then by each column in turn, and otherwise in their given order. Runs without a value come last in either
 * direction.
 */
export function sortRuns(
  runs: readonly RunSummary[],
  sort: readonly SortKey[],
  columns: ReadonlyMap<string, Column>,
): readonly RunSummary[] {
  const by = sort.flatMap(({ key, descending }) => {
    const column = columns.get(key)
    return column ? [{ sign: descending ? -1 : 1, keys: runs.map((run) => sortKeyOf(column.value(run))) }] : []
  })
  const order = runs.map((_, at) => at)
  const pinned = runs.map((run) => (run.pinned ? 0 : 1))
  order.sort((a, b) => {
    const first = (pinned[a] as number) - (pinned[b] as number)
    if (first !== 0) return first
    for (const { sign, keys } of by) {
      const x = keys[a] as Key
      const y = keys[b] as Key
      if (x === y) continue
      if (x === null) return 1
      if (y === null) return -1
      const found = compareKeys(x, y)
      if (found !== 0) return sign * found
    }
    return a - b
  })
  return order.map((at) => runs[at] as RunSummary)
}

/**
 * The sort order after a click on a column header, which cycles through ascending, descending and none; with `add`, the other columns are
 * kept.
 */
export function pressed(sort: readonly SortKey[], key: string, add: boolean): SortKey[] {
  const now = sort.find((each) => each.key === key)
  const next = !now ? [{ key, descending: false }] : now.descending ? [] : [{ key, descending: true }]
  if (!add) return next
  if (!now) return [...sort, ...next].slice(-8)
  return sort.flatMap((each) => (each.key === key ? next : [each]))
}
