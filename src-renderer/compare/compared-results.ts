import { computed, shallowReactive, watch, type ComputedRef, type Ref, type ShallowRef } from 'vue'
import type { LabEntry, LabResult } from '../../src-main/contract/lab.js'
import { useConnection } from '../home/api.js'
import { useEach } from '../home/each.js'
import { useFeed } from '../home/feed.js'
import { useNotices } from '../home/notices.js'
import { useLabResults } from '../lab/lab-results.js'

/** The stored results of several runs, newest first; null until they have loaded. */
export function useStoredResults(ids: Ref<readonly string[]>): Map<string, ShallowRef<LabEntry[] | null>> {
  const at = { client: useConnection().client, feed: useFeed() }
  return useEach(ids, (id) => useLabResults(id, at))
}

/** The result of a run that is shown: one that was chosen by number, otherwise that of the latest step. */
export function chosenEntry(entries: readonly LabEntry[], diagnostic: string, asked: readonly number[]): LabEntry | null {
  const own = entries.filter((entry) => entry.diagnostic === diagnostic)
  const [newest] = [...own].sort((a, b) => b.step - a.step || b.number - a.number)
  return own.find(({ number }) => asked.includes(number)) ?? newest ?? null
}

/** Complete results by their numbers, each fetched once; those still loading are left out. */
export function useWholeResults(numbers: Ref<readonly number[]>): ComputedRef<ReadonlyMap<number, LabResult>> {
  const { client } = useConnection()
  const feed = useFeed()
  const notices = useNotices()
  const known = shallowReactive(new Map<number, LabResult>())
  const asked = new Set<number>()
  watch(
    numbers,
    (now) => {
      for (const number of now) {
        if (asked.has(number)) continue
        asked.add(number)
        void notices.attempt(async () => known.set(number, await feed.ask(() => client.lab.result.query({ number }))))
      }
    },
    { immediate: true },
  )
  return computed(() => new Map([...known].filter(([number]) => numbers.value.includes(number))))
}
