import { onScopeDispose, shallowRef, type ShallowRef } from 'vue'
import type { Change } from '../../../src-main/contract/changes.js'
import { KEPT_REGIONS, type Regions } from '../../../src-main/contract/regions.js'
import { useConnection } from '../../home/api.js'
import { useFeed } from '../../home/feed.js'
import { Replica } from '../../home/replica.js'

/** The regions of one run, ascending by step, kept up to date while the calling scope lives and the run is watched; null until they are known. */
export function useRunRegions(runId: string): ShallowRef<Regions[] | null> {
  const { client } = useConnection()
  const feed = useFeed()
  const list = shallowRef<Regions[] | null>(null)
  const replica = new Replica<Regions[], Change>(
    (snapshot) => (list.value = snapshot),
    (change) => {
      const known = list.value ?? []
      if (change.kind === 'truncated') list.value = known.filter(({ step }) => step <= change.afterStep)
      if (change.kind !== 'regions') return
      list.value = [...known.filter(({ step }) => step < change.regions.step), change.regions]
      // The store has thinned them out by then.
      if (list.value.length > 2 * KEPT_REGIONS) reload()
    },
  )
  async function load(): Promise<void> {
    const request = replica.request()
    const { regions, seq } = await feed.ask(() => client.runs.regions.query({ id: runId }))
    replica.snapshot(request, seq, regions)
  }
  // A run that is gone is told of by its page.
  const reload = (): void => void load().catch(() => undefined)
  reload()
  onScopeDispose(
    feed.listen((seq, change) => {
      if (change.kind === 'reset') reload()
      else if (change.kind === 'regions' ? change.regions.runId === runId : change.kind === 'truncated' && change.runId === runId)
        replica.change(seq, change)
    }),
  )
  return list
}
