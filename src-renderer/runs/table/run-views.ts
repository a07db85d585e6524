import { defineStore } from 'pinia'
import { computed } from 'vue'
import type { SavedRunView, SaveRunView } from '../../../src-main/contract/run-views.js'
import { useConnection } from '../../home/api.js'
import { followList } from '../../home/followed-list.js'
import { useNotices } from '../../home/notices.js'

/** The saved views of the table of runs, kept up to date by the feed. */
export const useRunViews = defineStore('runViews', () => {
  const { client } = useConnection()
  const notices = useNotices()
  const { byId, loaded, load } = followList<SavedRunView>(
    async () => {
      const { views: rows, seq } = await client.runViews.list.query()
      return { rows, seq }
    },
    (all, change) => {
      if (change.kind === 'runView') all.set(change.view.id, change.view)
      else if (change.kind === 'runViewRemoved') all.delete(change.id)
    },
  )

  const rows = computed(() => [...byId.values()].sort((a, b) => a.name.localeCompare(b.name)))

  /** Saves a view; overwriting an earlier version of it can be undone. */
  async function save(request: SaveRunView): Promise<SavedRunView> {
    const before = request.id === undefined ? undefined : byId.get(request.id)
    const saved = await client.runViews.save.mutate(request)
    if (before) {
      const { id, name, view } = before
      const what = name === saved.name ? `Updated the view “${name}”.` : `Renamed the view “${name}” to “${saved.name}”.`
      notices.changed(what, () => client.runViews.save.mutate({ id, name, view }))
    }
    return saved
  }

  /** Deletes a view, and offers to undo it. */
  async function remove({ id, name }: SavedRunView): Promise<void> {
    await client.runViews.remove.mutate({ id })
    notices.changed(`Removed the view “${name}”.`, () => client.runViews.restore.mutate({ id }))
  }

  return { byId, rows, loaded, load, save, remove }
})
