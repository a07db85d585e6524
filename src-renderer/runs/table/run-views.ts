import { defineStore } from 'pinia'
import { computed, ref, shallowReactive } from 'vue'
import type { Change } from '../../../src-main/contract/changes.js'
import type { SavedRunView, SaveRunView } from '../../../src-main/contract/run-views.js'
import { useConnection } from '../../home/api.js'
import { Replica } from '../../home/replica.js'
import { useFeed } from '../../home/feed.js'
import { useNotices } from '../../home/notices.js'

/** The named views of the table of runs, kept up to date by the feed. */
export const useRunViews = defineStore('runViews', () => {
  const { client } = useConnection()
  const feed = useFeed()
  const notices = useNotices()
  const byId = shallowReactive(new Map<string, SavedRunView>())
  const loaded = ref(false)

  const replica = new Replica<SavedRunView[], Change>(
    (all) => {
      byId.clear()
      for (const view of all) byId.set(view.id, view)
      loaded.value = true
    },
    (change) => {
      if (change.kind === 'runView') byId.set(change.view.id, change.view)
      else if (change.kind === 'runViewRemoved') byId.delete(change.id)
    },
  )
  feed.listen((seq, change) => {
    if (change.kind === 'reset') void load()
    else replica.change(seq, change)
  })

  async function load(): Promise<void> {
    const request = replica.request()
    const { views, seq } = await feed.ask(() => client.runViews.list.query())
    replica.snapshot(request, seq, views)
  }

  const rows = computed(() => [...byId.values()].sort((a, b) => a.name.localeCompare(b.name)))

  /** Saves a view; where it takes the place of what was saved in it, that can be undone. */
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

  /** Removes a view, and offers to bring it back. */
  async function remove({ id, name }: SavedRunView): Promise<void> {
    await client.runViews.remove.mutate({ id })
    notices.changed(`Removed the view “${name}”.`, () => client.runViews.restore.mutate({ id }))
  }

  return { byId, rows, loaded, load, save, remove }
})
