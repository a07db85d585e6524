import { ref, shallowReactive } from 'vue'
import type { Change } from '../../src-main/contract/changes.js'
import { useFeed } from './feed.js'
import { Replica } from './replica.js'

/**
 * A list by id, kept up to date by the feed.
 * @param ask fetches the whole list, with the sequence number of the last change that it includes
 * @param apply applies a change to the list
 */
export function followList<Row extends { id: string }>(
  ask: () => Promise<{ rows: Row[]; seq: number }>,
  apply: (byId: Map<string, Row>, change: Change) => void,
) {
  const feed = useFeed()
  const byId = shallowReactive(new Map<string, Row>())
  const loaded = ref(false)
  const replica = new Replica<Row[], Change>(
    (all) => {
      byId.clear()
      for (const row of all) byId.set(row.id, row)
      loaded.value = true
    },
    (change) => apply(byId, change),
  )

  async function load(): Promise<void> {
    const request = replica.request()
    const { rows, seq } = await feed.ask(ask)
    replica.snapshot(request, seq, rows)
  }

  feed.listen((seq, change) => {
    if (change.kind === 'reset') void load()
    else replica.change(seq, change)
  })
  return { byId, loaded, load }
}
