import { defineStore } from 'pinia'
import { computed, ref, shallowRef } from 'vue'
import type { Change } from '../../src-main/contract/changes.js'
import type { Study } from '../../src-main/contract/studies.js'
import { useConnection } from './api.js'
import { useFeed } from './feed.js'
import { Replica } from './replica.js'

/** Every study of this home with its cells counted by state, kept up to date by the feed from the first call of `load`. */
export const useStudies = defineStore('studies', () => {
  const { client } = useConnection()
  const feed = useFeed()
  /** Newest first; null until they are known. */
  const list = shallowRef<readonly Study[] | null>(null)
  const byId = computed<ReadonlyMap<string, Study>>(() => new Map((list.value ?? []).map((study) => [study.id, study])))
  /** Whether there was a first answer, even if it was an error. */
  const asked = ref(false)

  const replica = new Replica<readonly Study[], Change>(
    (snapshot) => (list.value = snapshot),
    (change) => {
      const known = list.value ?? []
      if (change.kind === 'studyRemoved') list.value = known.filter(({ id }) => id !== change.id)
      else if (change.kind === 'study')
        list.value = known.some(({ id }) => id === change.study.id)
          ? known.map((study) => (study.id === change.study.id ? change.study : study))
          : [change.study, ...known]
    },
  )
  async function fetchAll(): Promise<void> {
    const request = replica.request()
    const { studies, seq } = await feed.ask(() => client.studies.list.query())
    replica.snapshot(request, seq, studies)
  }

  let loading: Promise<void> | null = null
  /** Fetches the studies at the first call, and again after a failed call. */
  function load(): Promise<void> {
    loading ??= fetchAll()
      .catch((error: unknown) => {
        loading = null
        throw error
      })
      .finally(() => (asked.value = true))
    return loading
  }
  feed.listen((seq, change) => {
    if (change.kind === 'reset') {
      if (loading) void fetchAll()
    } else if (change.kind === 'study' || change.kind === 'studyRemoved') replica.change(seq, change)
  })

  return { list, byId, asked, load }
})
