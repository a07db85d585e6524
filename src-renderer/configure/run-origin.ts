import { useRouter } from 'vue-router'
import type { RunConfig, RunOverrides } from '../../src-main/contract/config.js'
import { useConnection } from '../home/api.js'
import { useNotices } from '../home/notices.js'
import { differingValues } from './draft.js'
import { newRunAddress, sweepAddress, type Origin } from './overrides-query.js'

/** Forms that begin with the configuration of a run. They only open: what they make is made by their own button. */
export function useRunOrigin() {
  const { client } = useConnection()
  const notices = useNotices()
  const router = useRouter()

  /** The preset and data set of a run, and what its configuration has that its preset has not. */
  async function originOf(id: string): Promise<Origin & { config: RunConfig }> {
    const { config } = await client.runs.get.query({ id })
    const { preset, dataset } = config
    const plain = await client.catalogue.preview.query({ preset, dataset, overrides: {} }).catch(() => null)
    // Of a preset that is not there any more every value is a change.
    return {
      config,
      preset: plain?.config ? preset : null,
      dataset,
      overrides: differingValues(config, plain?.config ?? ({} as RunConfig)) as RunOverrides,
    }
  }

  /** Opens the form of a new run with the configuration of this one. */
  const newRunFrom = (id: string): Promise<unknown> => notices.attempt(async () => router.push(newRunAddress(await originOf(id))))

  /** Opens the setting-up of a search whose configurations are that of this run except in keys that are chosen there. */
  const sweep = (id: string): Promise<unknown> =>
    notices.attempt(async () => {
      const { config, ...origin } = await originOf(id)
      await router.push(sweepAddress(origin, config))
    })

  return { originOf, newRunFrom, sweep }
}
