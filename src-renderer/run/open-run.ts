import { computed, onScopeDispose, ref, shallowRef, watch, type Ref, type ShallowRef } from 'vue'
import type { Change } from '../../src-main/contract/changes.js'
import { ACTIVE, type Checkpoint, type LogEntry, type RunDetail, type RunStatus } from '../../src-main/contract/runs.js'
import { useConnection } from '../home/api.js'
import { messageOf } from '../home/errors.js'
import { Replica } from '../home/replica.js'
import { useRunSeries, type LoadOptions, type RunSeries } from '../charts/series/run-series.js'
import { useFeed } from '../home/feed.js'
import { useRuns } from '../home/runs.js'

/** Maximum number of entries that are kept and shown; a run stores twice as many. */
const LOG_LIMIT = 10_000

export interface OpenRun {
  /** Configuration, environment and result; the live part of a run is its row in the table of runs. */
  detail: ShallowRef<RunDetail | null>
  checkpoints: ShallowRef<Checkpoint[]>
  series: RunSeries['series']
  version: RunSeries['version']
  seriesLoaded: Ref<boolean>
  /** Number of points of the series that are still loading. */
  pending: Ref<number>
  log: ShallowRef<LogEntry[]>
  /** Why the run cannot be shown. */
  error: Ref<string | null>
}

/** Follows all data of one run while the calling scope lives. */
export function useOpenRun(runId: string, options: LoadOptions = {}): OpenRun {
  const { client } = useConnection()
  const feed = useFeed()
  const runs = useRuns()

  const detail = shallowRef<RunDetail | null>(null)
  const checkpoints = shallowRef<Checkpoint[]>([])
  const { series, version, loaded: seriesLoaded, pending, error: seriesError } = useRunSeries(runId, options)
  const log = shallowRef<LogEntry[]>([])
  const failure = ref<string | null>(null)
  const error = computed(() => failure.value ?? seriesError.value)

  const entries = new Replica<LogEntry[], Change>(
    (snapshot) => {
      log.value = snapshot
    },
    (change) => {
      if (change.kind !== 'log') return
      log.value = [...log.value, ...change.entries].slice(-LOG_LIMIT)
    },
  )

  const addCheckpoints = (more: Checkpoint[]): void => {
    // Of several checkpoints of one step, the latest comes first.
    const byFile = new Map([...checkpoints.value.toReversed(), ...more].map((checkpoint) => [checkpoint.file, checkpoint]))
    checkpoints.value = [...byFile.values()].toReversed().sort((a, b) => b.step - a.step)
  }

  // Answers that arrive after the page was left, or after a newer request, are dropped.
  let asked = 0
  async function loadDetail(): Promise<void> {
    const mine = ++asked
    const answer = await feed.ask(() => client.runs.get.query({ id: runId }))
    if (mine !== asked) return
    detail.value = answer
    addCheckpoints(answer.checkpoints)
  }

  async function loadLog(): Promise<void> {
    const request = entries.request()
    const { entries: snapshot, seq } = await feed.ask(() => client.runs.log.query({ id: runId, limit: LOG_LIMIT }))
    entries.snapshot(request, seq, snapshot)
  }

  const guard = (work: Promise<void>): void => {
    work.catch((reason: unknown) => {
      failure.value = messageOf(reason)
    })
  }

  const load = (): void => {
    guard(loadDetail())
    guard(loadLog())
  }

  const stopListening = feed.listen((seq, change) => {
    if (change.kind === 'reset') load()
    else if (change.kind === 'checkpoint') {
      if (change.checkpoint.runId === runId) addCheckpoints([change.checkpoint])
    } else if ('runId' in change && change.runId === runId) {
      if (change.kind === 'checkpointRemoved') checkpoints.value = checkpoints.value.filter(({ file }) => file !== change.file)
      else if (change.kind === 'notes' && detail.value) detail.value = { ...detail.value, notes: change.notes }
      entries.change(seq, change)
    }
  })

  // A snapshot must be newer than the sequence number with which the feed starts, which comes with the table of runs.
  const stopWaiting = watch(
    () => runs.loaded,
    (loaded) => {
      if (loaded) load()
    },
    { immediate: true },
  )

  // Data that only `get` returns change with the status: the engine at the start, the result at the end.
  const settled = (status: RunStatus | undefined): boolean => status !== undefined && !ACTIVE.includes(status)
  watch(
    () => [runs.byId.get(runId)?.status, runs.byId.get(runId)?.lease] as const,
    ([status], [before]) => {
      if (detail.value && (settled(status) || status === 'running' || before === undefined)) guard(loadDetail())
    },
  )

  onScopeDispose(() => {
    asked += 1
    stopWaiting()
    stopListening()
  })

  return { detail, checkpoints, series, version, seriesLoaded, pending, log, error }
}
