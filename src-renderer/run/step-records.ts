import { onScopeDispose, shallowRef, type ShallowRef } from 'vue'
import type { Change } from '../../src-main/contract/changes.js'
import { useFeed } from '../home/feed.js'
import { Replica } from '../home/replica.js'

/** Something that a run stores of some of its steps. */
export interface StepRecord {
  runId: string
  step: number
}

export interface StepRecords<T extends StepRecord> {
  /** All that is stored. */
  ask(): Promise<{ records: T[]; seq: number }>
  /** A new one, where the change tells of one. */
  of(change: Change): T | null
  /** As many are kept; the store thins out more. */
  kept(records: readonly T[]): number
}

/**
 * What is stored of steps of one run, ascending, kept up to date while the calling scope lives and the run is watched; null until known.
 * @param feed where it is called later than in the setup of a component, the one that was there
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
      // The store has thinned them out by then.
      if (list.value.length > 2 * kept(list.value)) reload()
    },
  )
  async function load(): Promise<void> {
    const request = replica.request()
    const { records, seq } = await feed.ask(ask)
    replica.snapshot(request, seq, records)
  }
  // A run that is gone is told of by its page.
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
