import { defineStore } from 'pinia'
import { computed, shallowRef } from 'vue'
import type { Architecture, Preset } from '../../src-main/contract/catalogue.js'
import { useConnection } from './api.js'
import { learnOptions } from './fields.js'
import { useFeed } from './feed.js'

/** Presets, which change only with the program, and architectures, which also change with the user's own files. */
export const useCatalogue = defineStore('catalogue', () => {
  const { client } = useConnection()
  const feed = useFeed()
  const presets = shallowRef<Preset[] | null>(null)
  const architectures = shallowRef<Architecture[]>([])
  let loading: Promise<void> | null = null

  function learn(kinds: Architecture[]): void {
    learnOptions(kinds)
    architectures.value = kinds
  }

  /** Asks for the architectures again: a file of the user may be there, or another. */
  async function renew(): Promise<void> {
    learn(await feed.ask(() => client.catalogue.architectures.query()))
  }

  /** Retries if an earlier attempt failed. */
  function load(): Promise<void> {
    if (presets.value) return Promise.resolve()
    loading ??= feed
      .ask(() => Promise.all([client.catalogue.presets.query(), client.catalogue.architectures.query()]))
      .then(([list, kinds]) => {
        learn(kinds)
        presets.value = list
      })
      .finally(() => (loading = null))
    return loading
  }

  const byId = computed(() => new Map(architectures.value.map((each) => [each.id, each])))
  return { presets, architectures, byId, load, renew }
})
