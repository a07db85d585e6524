import { onScopeDispose, shallowRef, type ShallowRef } from 'vue'
import type { Change } from '../../src-main/contract/changes.js'
import { useFeed } from '../home/feed.js'
import { Replica } from '../home/replica.js'

/** A record that a run stores for some of its steps. */
export interface StepRecord {
  runId: string
  step: number
}

export interface StepRecords<T extends StepRecord> {
  /** Fetches all stored records. */
  ask(): Promise<{ records: T[]; seq: number }>
  /** The new record in a change; null if it has none. */
  of(change: Change): T | null
  /** How many of the records the store keeps; the others are thinned out. */
  kept(records: readonly T[]): number
}

/**
 * The records stored for steps of one run, ascending, kept up to date while the calling scope lives and the run is watched; null until
 * known.
 * @param feed to be passed in if it is called after a component's setup
 */
export function useStepRecords<T extends StepRecord>(
  runId: string,
  { ask, of, kept }: StepRecords<T>,
  feed: ReturnType<typeof useFeed> = useFeed(),
): ShallowRef<T[] | null> {
  const list = shallowRef<T[] | null>(null) as ShallowRef<T[] | null>
  const replica = new Replica<T[], Change>(
    (snapshot) => (list.value = snapshot),
    (change) => {
      const known = list.value ?? []
      if (change.kind === 'truncated') list.value = known.filter(({ step }) => step <= change.afterStep)
      const found = of(change)
      if (!found) return
      list.value = [...known.filter(({ step }) => step < found.step), found]
      // By then, the store has thinned them out.
      if (list.value.length > 2 * kept(list.value)) reload()
    },
  )
  async function load(): Promise<void> {
    const request = replica.request()
    const { records, seq } = await feed.ask(ask)
    replica.snapshot(request, seq, records)
  }
  // If the run was deleted, its page says so.
  const reload = (): void => void load().catch(() => undefined)
  reload()
  onScopeDispose(
    feed.listen((seq, change) => {
      if (change.kind === 'reset') reload()
      else if (change.kind === 'truncated' ? change.runId === runId : of(change)?.runId === runId) replica.change(seq, change)
    }),
  )
  return list
}
