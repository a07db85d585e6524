import { onScopeDispose, shallowRef, type ShallowRef } from 'vue'
import type { Change } from '../../src-main/contract/changes.js'
import type { LabEntry } from '../../src-main/contract/lab.js'
import type { Source } from '../charts/series/run-series.js'
import { useConnection } from '../home/api.js'
import { useFeed } from '../home/feed.js'
import { Replica } from '../home/replica.js'

/**
 * The stored results of one run, newest first, kept up to date while the calling scope lives; null until they are known.
 * @param at to be passed in if it is called after a component's setup
 */
export function useLabResults(
  runId: string,
  at: Source = { client: useConnection().client, feed: useFeed() },
): ShallowRef<LabEntry[] | null> {
  const { client, feed } = at
  const list = shallowRef<LabEntry[] | null>(null)
  const replica = new Replica<LabEntry[], Change>(
    (snapshot) => (list.value = snapshot),
    (change) => {
      const known = list.value ?? []
      if (change.kind === 'labResult') list.value = [change.entry, ...known.filter((each) => !isSame(each, change.entry))]
      else if (change.kind === 'truncated') list.value = known.filter(({ step }) => step <= change.afterStep)
    },
  )
  async function load(): Promise<void> {
    const request = replica.request()
    const { results, seq } = await feed.ask(() => client.lab.results.query({ id: runId }))
    replica.snapshot(request, seq, results)
  }
  // If the run was deleted, its page says so.
  const reload = (): void => void load().catch(() => undefined)
  reload()
  onScopeDispose(
    feed.listen((seq, change) => {
      if (change.kind === 'reset') reload()
      else if (change.kind === 'labResult' ? change.entry.runId === runId : change.kind === 'truncated' && change.runId === runId)
        replica.change(seq, change)
    }),
  )
  return list
}

/** A new result for the same request replaces the earlier one in the store. */
const isSame = (a: LabEntry, b: LabEntry): boolean =>
  a.number === b.number || (a.file === b.file && a.diagnostic === b.diagnostic && JSON.stringify(a.options) === JSON.stringify(b.options))
