import { defineStore } from 'pinia'
import { computed, ref, shallowReactive } from 'vue'
import type { Change } from '../../src-main/contract/changes.js'
import type { Comparison, SaveComparison } from '../../src-main/contract/comparisons.js'
import { useConnection } from '../client/api.js'
import { Replica } from '../client/replica.js'
import { useFeed } from './feed.js'
import { useNotices } from './notices.js'

/** The named comparisons of this home, kept up to date by the feed. */
export const useComparisons = defineStore('comparisons', () => {
  const { client } = useConnection()
  const feed = useFeed()
  const notices = useNotices()
  const byId = shallowReactive(new Map<string, Comparison>())
  const loaded = ref(false)

  const replica = new Replica<Comparison[], Change>(
    (all) => {
      byId.clear()
      for (const comparison of all) byId.set(comparison.id, comparison)
      loaded.value = true
    },
    (change) => {
      if (change.kind === 'comparison') byId.set(change.comparison.id, change.comparison)
      else if (change.kind === 'comparisonRemoved') byId.delete(change.id)
    },
  )
  feed.listen((seq, change) => {
    if (change.kind === 'reset') void load()
    else replica.change(seq, change)
  })

  async function load(): Promise<void> {
    const request = replica.request()
    const { comparisons, seq } = await feed.ask(() => client.comparisons.list.query())
    replica.snapshot(request, seq, comparisons)
  }

  const restore = (id: string): Promise<Comparison | null> => notices.attempt(() => client.comparisons.restore.mutate({ id }))

  /** Removes a comparison, and offers to bring it back. */
  async function remove({ id, name }: Comparison): Promise<void> {
    await client.comparisons.remove.mutate({ id })
    notices.show('info', `The comparison “${name}” was removed; its runs stay.`, { label: 'Undo', run: () => void restore(id) })
  }

  const rows = computed(() => [...byId.values()].sort((a, b) => a.name.localeCompare(b.name)))

  return {
    byId,
    rows,
    loaded,
    load,
    save: (request: SaveComparison) => client.comparisons.save.mutate(request),
    remove,
    restore,
    removed: () => client.comparisons.removed.query(),
  }
})
