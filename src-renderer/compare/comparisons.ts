import { defineStore } from 'pinia'
import { computed } from 'vue'
import type { Comparison, SaveComparison } from '../../src-main/contract/comparisons.js'
import { useConnection } from '../home/api.js'
import { followList } from '../home/followed-list.js'
import { useNotices } from '../home/notices.js'

/** The saved comparisons of this home, kept up to date by the feed. */
export const useComparisons = defineStore('comparisons', () => {
  const { client } = useConnection()
  const notices = useNotices()
  const { byId, loaded, load } = followList<Comparison>(
    async () => {
      const { comparisons: rows, seq } = await client.comparisons.list.query()
      return { rows, seq }
    },
    (all, change) => {
      if (change.kind === 'comparison') all.set(change.comparison.id, change.comparison)
      else if (change.kind === 'comparisonRemoved') all.delete(change.id)
    },
  )

  const restore = (id: string): Promise<Comparison | null> => notices.attempt(() => client.comparisons.restore.mutate({ id }))

  /** Deletes a comparison, and offers to undo it. */
  async function remove({ id, name }: Comparison): Promise<void> {
    await client.comparisons.remove.mutate({ id })
    notices.changed(`Removed the comparison “${name}”. Its runs are unaffected.`, () => client.comparisons.restore.mutate({ id }))
  }

  /** Saves a comparison; overwriting an earlier version of it can be undone. */
  async function save(request: SaveComparison): Promise<Comparison> {
    const before = request.id === undefined ? undefined : byId.get(request.id)
    const saved = await client.comparisons.save.mutate(request)
    if (before) {
      const { id, name, view } = before
      notices.changed(`Updated the comparison “${saved.name}”.`, () => client.comparisons.save.mutate({ id, name, view }))
    }
    return saved
  }

  const rows = computed(() => [...byId.values()].sort((a, b) => a.name.localeCompare(b.name)))

  return {
    byId,
    rows,
    loaded,
    load,
    save,
    remove,
    restore,
    removed: () => client.comparisons.removed.query(),
  }
})
