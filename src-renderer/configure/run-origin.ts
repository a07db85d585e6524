import { useRouter } from 'vue-router'
import type { RunConfig, RunOverrides } from '../../src-main/contract/config.js'
import { useConnection } from '../home/api.js'
import { useNotices } from '../home/notices.js'
import { differingValues } from './draft.js'
import { newRunAddress, sweepAddress, type Origin } from './overrides-query.js'

/** Opens forms that start with the configuration of a run. They are only opened; nothing is created until they are submitted. */
export function useRunOrigin() {
  const { client } = useConnection()
  const notices = useNotices()
  const router = useRouter()

  /** The preset and data set of a run, and the differences of its configuration from the preset. */
  async function originOf(id: string): Promise<Origin & { config: RunConfig }> {
    const { config } = await client.runs.get.query({ id })
    const { preset, dataset } = config
    const plain = await client.catalogue.preview.query({ preset, dataset, overrides: {} }).catch(() => null)
    // If the preset no longer exists, every value is a change.
    return {
      config,
      preset: plain?.config ? preset : null,
      dataset,
      overrides: differingValues(config, plain?.config ?? ({} as RunConfig)) as RunOverrides,
    }
  }

  /** Opens the new-run form with the configuration of this run. */
  const newRunFrom = (id: string): Promise<unknown> => notices.attempt(async () => router.push(newRunAddress(await originOf(id))))

  /** Opens the form of a search around the configuration of this run; the keys to vary are chosen there. */
  const sweep = (id: string): Promise<unknown> =>
    notices.attempt(async () => {
      const { config, ...origin } = await originOf(id)
      await router.push(sweepAddress(origin, config))
    })

  return { originOf, newRunFrom, sweep }
}
