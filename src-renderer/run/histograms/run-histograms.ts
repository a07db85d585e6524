import type { ShallowRef } from 'vue'
import { keptHistograms, numbersOf, type Histograms } from '../../../src-main/contract/histograms.js'
import { useConnection } from '../../home/api.js'
import { useFeed } from '../../home/feed.js'
import { useStepRecords } from '../step-records.js'

/**
 * The histograms that one run has collected.
 * @param at to be passed in if it is called after a component's setup
 */
export function useRunHistograms(
  runId: string,
  { client, feed } = { client: useConnection().client, feed: useFeed() },
): ShallowRef<Histograms[] | null> {
  return useStepRecords<Histograms>(
    runId,
    {
      ask: async () => {
        const { histograms, seq } = await client.runs.histograms.query({ id: runId })
        return { records: histograms, seq }
      },
      of: (change) => (change.kind === 'histograms' ? change.histograms : null),
      kept: ([first]) => keptHistograms(first ? Float32Array.BYTES_PER_ELEMENT * numbersOf(first) : 0),
    },
    feed,
  )
}
