import { defineStore } from 'pinia'
import { computed, ref, shallowReactive } from 'vue'
import type { Change } from '../../src-main/contract/changes.js'
import type { SavedRunView, SaveRunView } from '../../src-main/contract/run-views.js'
import { useConnection } from '../client/api.js'
import { Replica } from '../client/replica.js'
import { useFeed } from './feed.js'
import { useNotices } from './notices.js'

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

  const save = (request: SaveRunView): Promise<SavedRunView> => client.runViews.save.mutate(request)

  /** Removes a view, and offers to bring it back. */
  async function remove({ id, name }: SavedRunView): Promise<void> {
    await client.runViews.remove.mutate({ id })
    notices.show('info', `The view “${name}” was removed.`, {
      label: 'Undo',
      run: () => void notices.attempt(() => client.runViews.restore.mutate({ id })),
    })
  }

  return { byId, rows, loaded, load, save, remove }
})
