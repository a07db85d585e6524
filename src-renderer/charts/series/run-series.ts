import { onScopeDispose, ref, shallowReactive, watch, type Ref } from 'vue'
import type { Change } from '../../../src-main/contract/changes.js'
import { MAX_STRETCH, unpackPoints, type SeriesOverview, type SeriesPoints } from '../../../src-main/contract/metrics.js'
import { useConnection, type Connection } from '../../home/api.js'
import { messageOf } from '../../home/errors.js'
import { Replica } from '../../home/replica.js'
import { useFeed } from '../../home/feed.js'
import { useRuns } from '../../home/runs.js'
import { keepFormulas } from '../formulas/keep-formulas.js'
import { SeriesBuffer } from './series-buffer.js'

export interface RunSeries {
  /** By metric. The buffers are not reactive: `version` counts appended points; a buffer is replaced once all of its points have loaded. */
  series: Map<string, SeriesBuffer>
  version: Ref<number>
  /** Whether there is something to show. */
  loaded: Ref<boolean>
  /** Number of points that are still loading. */
  pending: Ref<number>
  /** Why the series cannot be shown. */
  error: Ref<string | null>
}

export interface LoadOptions {
  /** The series of which every point is needed; the others stay reduced. null: all of them. */
  wanted?: () => ReadonlySet<string> | null
  /** Points per task, between which the page stays responsive. */
  stretch?: number
  /** Formulas whose series are kept next to those of the metrics. */
  formulas?: () => readonly string[]
}

/** To be passed in by callers that run after a component's setup, when `inject` no longer works. */
export interface Source {
  client: Connection['client']
  feed: ReturnType<typeof useFeed>
}

/**
 * Follows the series of one run while the calling scope lives. They are first loaded in reduced form, which is enough for a complete chart
 * and arrives at once however long the history is, and then point by point in batches between which the page stays responsive. Live points
 * are appended throughout.
 */
export function useRunSeries(
  runId: string,
  { wanted = () => null, stretch = MAX_STRETCH, formulas }: LoadOptions = {},
  { client, feed }: Source = { client: useConnection().client, feed: useFeed() },
): RunSeries {
  const runs = useRuns()

  const series = shallowReactive(new Map<string, SeriesBuffer>())
  const version = ref(0)
  const loaded = ref(false)
  const pending = ref(0)
  const error = ref<string | null>(null)

  /** A reduced series: how many points are stored, and how many points of the buffer represent them. */
  const sketches = new Map<string, { count: number; standIns: number }>()
  /** Counts restarts; results of an earlier attempt are dropped. */
  let attempt = 0
  let loading = false
  /** The batches include changes up to this sequence number: they may already contain a truncation before it. */
  let stretchesSeq = -1

  const append = (batch: SeriesPoints[]): void => {
    for (const { key, points } of batch) {
      let buffer = series.get(key)
      if (!buffer) series.set(key, (buffer = new SeriesBuffer()))
      buffer.append(unpackPoints(points))
    }
    version.value += 1
  }

  const replica = new Replica<SeriesOverview[], Change>(
    (overview) => {
      series.clear()
      sketches.clear()
      for (const { key, count, whole, points } of overview) {
        const buffer = new SeriesBuffer()
        buffer.append(unpackPoints(points))
        series.set(key, buffer)
        if (!whole) sketches.set(key, { count, standIns: buffer.length })
      }
      version.value += 1
      loaded.value = true
    },
    (change) => {
      if (change.kind === 'points') append(change.series)
      else if (change.kind === 'truncated') {
        for (const [key, buffer] of series) {
          buffer.truncate(change.afterStep)
          if (buffer.length > 0) continue
          // As on a page opened now: a metric without stored points has no chart.
          series.delete(key)
          sketches.delete(key)
        }
        version.value += 1
      }
    },
  )

  async function begin(): Promise<void> {
    attempt += 1
    loading = false
    const request = replica.request()
    const { series: overview, seq } = await feed.ask(() => client.runs.overview.query({ id: runId }))
    replica.snapshot(request, seq, overview)
    void complete()
  }

  /** Fetches the series that are needed and still reduced, one after another. */
  async function complete(): Promise<void> {
    if (loading) return
    loading = true
    const mine = attempt
    const next = (): string | undefined => {
      const keys = wanted()
      return [...sketches.keys()].find((key) => keys === null || keys.has(key))
    }
    try {
      for (let key = next(); key !== undefined && mine === attempt; key = next()) await completeOne(key, mine)
    } catch (reason) {
      error.value = messageOf(reason)
    } finally {
      if (mine === attempt) loading = false
    }
  }

  async function completeOne(key: string, mine: number): Promise<void> {
    const sketch = sketches.get(key)
    const shown = series.get(key)
    if (!sketch || !shown) return
    const full = new SeriesBuffer()
    pending.value = sketch.count
    while (full.length < sketch.count) {
      const start = full.length
      const limit = Math.min(stretch, sketch.count - start)
      const { points, seq } = await feed.ask(() => client.runs.stretch.query({ id: runId, key, start, limit }))
      if (mine !== attempt) return
      stretchesSeq = Math.max(stretchesSeq, seq)
      const fresh = unpackPoints(points)
      // The run was rolled back to a checkpoint meanwhile; the change that announces it is on its way, or has already arrived.
      const cut = fresh.steps.length < limit || !((fresh.steps[0] as number) > (start > 0 ? full.step(start - 1) : -Infinity))
      if (cut) return void (await begin())
      full.append(fresh)
      pending.value = sketch.count - full.length
    }
    // Live points follow the points that represent the stored ones.
    const { steps, values, times } = shown.toPoints()
    const live = (array: Float64Array): Float64Array => array.subarray(sketch.standIns)
    full.append({ steps: live(steps), values: live(values), times: live(times) })
    sketches.delete(key)
    series.set(key, full)
    version.value += 1
  }

  const start = (): void => {
    begin().catch((reason: unknown) => {
      error.value = messageOf(reason)
    })
  }

  const stopListening = feed.listen((seq, change) => {
    if (change.kind === 'reset') start()
    else if ('runId' in change && change.runId === runId) {
      replica.change(seq, change)
      if (change.kind === 'truncated' && (sketches.size > 0 || seq <= stretchesSeq)) start()
    }
  })
  const unfollow = feed.follow(runId)

  // A snapshot must be newer than the sequence number with which the feed starts, which comes with the table of runs.
  const stopWaiting = watch(
    () => runs.loaded,
    (ready) => {
      if (ready) start()
    },
    { immediate: true },
  )
  const stopWanting = watch(wanted, () => {
    if (loaded.value) void complete()
  })

  if (formulas) keepFormulas(series, version, formulas)

  onScopeDispose(() => {
    attempt += 1
    stopWaiting()
    stopWanting()
    stopListening()
    unfollow()
  })

  return { series, version, loaded, pending, error }
}
