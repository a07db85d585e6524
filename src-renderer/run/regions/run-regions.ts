import type { ShallowRef } from 'vue'
import { KEPT_REGIONS, type Regions } from '../../../src-main/contract/regions.js'
import { useConnection } from '../../home/api.js'
import { useStepRecords } from '../step-records.js'

/** The decision regions of one run. */
export function useRunRegions(runId: string): ShallowRef<Regions[] | null> {
  const { client } = useConnection()
  return useStepRecords<Regions>(runId, {
    ask: async () => {
      const { regions, seq } = await client.runs.regions.query({ id: runId })
      return { records: regions, seq }
    },
    of: (change) => (change.kind === 'regions' ? change.regions : null),
    kept: () => KEPT_REGIONS,
  })
}
