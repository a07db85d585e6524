import { defineStore } from 'pinia'
import { ref, shallowRef } from 'vue'
import { SET_UP_TASK, type SystemInfo } from '../../src-main/contract/system.js'
import { useConnection } from './api.js'
import { messageOf } from './errors.js'
import { useFeed } from './feed.js'

const PROBING_MS = 1000

/**
 * Version, home and engine of the back end. The end of the engine's probe is not announced, so it is polled; everything is fetched again
 * after the engine was set up.
 */
export const useSystem = defineStore('system', () => {
  const { client } = useConnection()
  const feed = useFeed()
  const info = shallowRef<SystemInfo | null>(null)
  const error = ref<string | null>(null)

  async function load(): Promise<void> {
    try {
      info.value = await feed.ask(() => client.system.info.query())
      if (info.value.engine === null) setTimeout(() => void load(), PROBING_MS)
    } catch (reason) {
      error.value = messageOf(reason)
    }
  }

  feed.listen((_seq, change) => {
    if (change.kind === 'task' && change.task.id === SET_UP_TASK && change.task.state !== 'running') void load()
  })

  return { info, error, load }
})
