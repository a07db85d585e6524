import { defineStore } from 'pinia'
import { computed, ref } from 'vue'
import type { ConfigTable, ConfigValue } from '../../../src-main/contract/run-table.js'
import { useConnection } from '../../home/api.js'
import type { ConfigKey } from './columns.js'
import { useFeed } from '../../home/feed.js'
import { useNotices } from '../../home/notices.js'
import { useRuns } from '../../home/runs.js'

/** Keys stored in the row of a run, where they can change. */
const IN_THE_ROW: ReadonlySet<string> = new Set(['preset', 'dataset', 'seed'])

/** Milliseconds for which new runs are collected into one request. */
const GATHER = 200

interface ConfigColumn {
  values: Set<ConfigValue>
  /** By the index of the run; null if it lacks the key. */
  cells: (ConfigValue | null)[]
}

/**
 * The configurations of all runs, by column. They are fetched for all runs on first use, and then only for new ones, because a
 * configuration never changes.
 */
export const useRunConfigs = defineStore('runConfigs', () => {
  const { client } = useConnection()
  const feed = useFeed()
  const runs = useRuns()
  const notices = useNotices()
  const rowOf = new Map<string, number>()
  const columns = new Map<string, ConfigColumn>()
  const version = ref(0)
  const loaded = ref(false)

  function add({ ids, columns: more }: ConfigTable): void {
    const rows = ids.map((id) => {
      const row = rowOf.get(id) ?? rowOf.size
      rowOf.set(id, row)
      return row
    })
    for (const { key, values, codes } of more) {
      if (IN_THE_ROW.has(key)) continue
      let column = columns.get(key)
      if (!column) columns.set(key, (column = { values: new Set(), cells: [] }))
      for (const value of values) column.values.add(value)
      const { cells } = column
      rows.forEach((row, i) => {
        while (cells.length < row) cells.push(null)
        cells[row] = values[codes ? (codes[i] as number) : 0] ?? null
      })
    }
    version.value += 1
  }

  const ask = async (ids?: string[]): Promise<void> => {
    const answer = await feed.ask(() => client.runs.configs.query(ids ? { ids } : {}))
    add(JSON.parse(answer.columns) as ConfigTable)
  }

  let loading: Promise<void> | null = null
  /** Fetches all configurations at the first call. */
  function load(): Promise<void> {
    return (loading ??= ask().then(
      () => {
        loaded.value = true
        gatherMissing()
      },
      (error: unknown) => {
        loading = null
        throw error
      },
    ))
  }

  let timer: ReturnType<typeof setTimeout> | undefined
  const wanted = new Set<string>()
  function want(id: string): void {
    if (rowOf.has(id)) return
    wanted.add(id)
    timer ??= setTimeout(() => {
      timer = undefined
      const ids = [...wanted].slice(0, 10_000)
      wanted.clear()
      void notices.attempt(() => ask(ids))
    }, GATHER)
  }
  function gatherMissing(): void {
    for (const { id } of runs.rows) want(id)
  }

  feed.listen((_seq, change) => {
    if (!loaded.value) return
    if (change.kind === 'run') want(change.run.id)
    // The set of runs may differ after a reset; the configurations already known are still valid.
    else if (change.kind === 'reset') void notices.attempt(() => ask())
  })

  const keys = computed<ConfigKey[]>(() => {
    void version.value
    return [...columns].map(([path, { values, cells }]) => ({
      path,
      values: [...values],
      of: (id) => cells[rowOf.get(id) ?? -1] ?? null,
    }))
  })

  return { keys, loaded, load }
})
