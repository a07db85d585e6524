import { onScopeDispose, shallowRef } from 'vue'
import { defineStore } from 'pinia'
import type { StudyDetail, StudyTemplateInfo } from '../../src-main/contract/studies.js'
import { useConnection } from '../home/api.js'
import { messageOf } from '../home/errors.js'
import { useFeed } from '../home/feed.js'

/** The study templates, fetched once. */
export const useTemplates = defineStore('studyTemplates', () => {
  const { client } = useConnection()
  const feed = useFeed()
  const list = shallowRef<StudyTemplateInfo[] | null>(null)
  async function load(): Promise<void> {
    list.value ??= await feed.ask(() => client.studies.templates.query())
  }
  return { list, load }
})

/** Minimum time between two fetches of a study whose cells change, in milliseconds. */
const FETCH_EVERY = 1000

/** A study with its cells and report, fetched again as its cells change while the calling scope lives. */
export function useStudy(id: () => string) {
  const { client } = useConnection()
  const feed = useFeed()
  const detail = shallowRef<StudyDetail | null>(null)
  const problem = shallowRef<string | null>(null)
  let timer: ReturnType<typeof setTimeout> | undefined
  let fetching = false
  let stale = false

  async function fetchNow(): Promise<void> {
    clearTimeout(timer)
    timer = undefined
    if (fetching) {
      stale = true
      return
    }
    fetching = true
    const wanted = id()
    try {
      const found = await feed.ask(() => client.studies.get.query({ id: wanted }))
      if (wanted === id()) [detail.value, problem.value] = [found, null]
    } catch (error) {
      if (wanted === id()) [detail.value, problem.value] = [null, messageOf(error)]
    } finally {
      fetching = false
      if (stale || wanted !== id()) {
        stale = false
        soon()
      }
    }
  }
  function soon(): void {
    timer ??= setTimeout(() => void fetchNow(), FETCH_EVERY)
  }

  const stop = feed.listen((_seq, change) => {
    if (change.kind === 'study' && change.study.id === id()) {
      if (detail.value) detail.value = { ...detail.value, study: change.study }
      soon()
    } else if (change.kind === 'studyRemoved' ? change.id === id() : change.kind === 'reset') void fetchNow()
  })
  onScopeDispose(() => {
    stop()
    clearTimeout(timer)
  })
  return { detail, problem, fetchNow }
}
