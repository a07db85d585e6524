import { defineStore } from 'pinia'
import { shallowRef } from 'vue'
import type { Settings, SettingsPatch } from '../../src-main/contract/settings.js'
import { useConnection } from './api.js'
import { useFeed } from './feed.js'
import { useNotices } from './notices.js'

/** Settings of this home, shared by all windows; those of this window only are in `preferences`. */
export const useSettings = defineStore('settings', () => {
  const { client } = useConnection()
  const feed = useFeed()
  const notices = useNotices()
  const values = shallowRef<Settings | null>(null)
  let told = 0

  feed.listen((_seq, change) => {
    if (change.kind === 'reset') void load()
    if (change.kind !== 'settings') return
    told++
    values.value = change.settings
  })

  async function load(): Promise<void> {
    const before = told
    const answer = await feed.ask(() => client.settings.get.query())
    // A change that arrived meanwhile is complete, and may be newer than the answer.
    if (told === before) values.value = answer
  }

  const change = async (patch: SettingsPatch): Promise<Settings> => (values.value = await client.settings.update.mutate(patch))

  /** Changes one or more settings; their fields are visible, so that no notice is needed. */
  async function update(patch: SettingsPatch): Promise<void> {
    const before = values.value
    await change(patch)
    if (!before) return
    const back = Object.fromEntries(Object.keys(patch).map((key) => [key, before[key as keyof Settings]])) as SettingsPatch
    notices.changedInSight('Setting changed.', () => change(back))
  }

  return { values, load, update }
})
