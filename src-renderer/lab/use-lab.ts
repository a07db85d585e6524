import { defineStore } from 'pinia'
import { shallowRef } from 'vue'
import type { DiagnosticInfo } from '../../src-main/contract/lab.js'
import { useConnection } from '../home/api.js'
import { useFeed } from '../home/feed.js'

/** All diagnostics, fetched once. */
export const useLab = defineStore('lab', () => {
  const { client } = useConnection()
  const feed = useFeed()
  const diagnostics = shallowRef<DiagnosticInfo[] | null>(null)
  async function load(): Promise<void> {
    diagnostics.value ??= await feed.ask(() => client.lab.diagnostics.query())
  }
  return { diagnostics, load }
})
