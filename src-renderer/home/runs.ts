import { defineStore } from 'pinia'
import { computed, ref, shallowReactive, toRaw } from 'vue'
import type { Change } from '../../src-main/contract/changes.js'
import { unpackRuns } from '../../src-main/contract/run-table.js'
import type { BulkAction, CreateRun, EditRuns, RunSummary } from '../../src-main/contract/runs.js'
import { useConnection } from './api.js'
import { Replica } from './replica.js'
import { useFeed } from './feed.js'

const MARKS = ['name', 'dataset', 'status', 'note', 'colour', 'pinned', 'baseline', 'archived', 'projectId'] as const

/** Whether the change was made by a user or ended the run, as opposed to a progress report of a running one. */
const isMarked = (before: RunSummary, after: RunSummary): boolean =>
  MARKS.some((key) => before[key] !== after[key]) || before.tags.join() !== after.tags.join()

/** Every run of this home, kept up to date by the feed. */
export const useRuns = defineStore('runs', () => {
  const { client } = useConnection()
  const feed = useFeed()
  const byId = shallowReactive(new Map<string, RunSummary>())
  /** The order in which the runs of this home were created, as far as this window knows: a restored run keeps its place. */
  const order = new Map<string, number>()
  let newest = 0
  /** Incremented when a run enters, moves in or leaves the queue, but not with every report of running ones. */
  const queueVersion = ref(0)
  /** Incremented with every change of any run. */
  const version = ref(0)
  /** Incremented when runs are added or removed, or change other than by their progress. */
  const marks = ref(0)
  const loaded = ref(false)

  const replica = new Replica<RunSummary[], Change>(
    (runs) => {
      byId.clear()
      order.clear()
      newest = runs.length
      runs.forEach((run, i) => {
        byId.set(run.id, run)
        order.set(run.id, runs.length - i)
      })
      queueVersion.value += 1
      marks.value += 1
      loaded.value = true
    },
    (change) => {
      const id = change.kind === 'run' ? change.run.id : change.kind === 'runRemoved' ? change.runId : null
      if (id === null) return
      const before = toRaw(byId).get(id)
      const after = change.kind === 'run' ? change.run : undefined
      if (before?.status === 'queued' || after?.status === 'queued') queueVersion.value += 1
      if (!before || !after || isMarked(before, after)) marks.value += 1
      version.value += 1
      if (!order.has(id)) order.set(id, ++newest)
      if (after) byId.set(id, after)
      else byId.delete(id)
    },
  )

  feed.listen((seq, change) => {
    if (change.kind === 'reset') void load()
    else replica.change(seq, change)
  })

  /** Fetches the table; the first call starts the feed at the sequence number of this snapshot. */
  async function load(): Promise<void> {
    const request = replica.request()
    const { rows, seq } = await feed.ask(() => client.runs.table.query())
    replica.snapshot(request, seq, unpackRuns(rows))
    feed.start(seq)
  }

  /** The queued runs, in the order in which they will start. */
  const queue = computed(() => {
    void queueVersion.value
    return [...toRaw(byId).values()].filter(({ status }) => status === 'queued').sort((a, b) => a.queueOrder - b.queueOrder)
  })

  /** Newest first. */
  const newestFirst = (): RunSummary[] => [...toRaw(byId).values()].sort((a, b) => order.get(b.id)! - order.get(a.id)!)
  const rows = computed(() => {
    // Depends on every run, which `toRaw` does not track.
    void byId.size
    void version.value
    void marks.value
    return newestFirst()
  })

  return {
    byId,
    newestFirst,
    rows,
    queue,
    version,
    marks,
    loaded,
    load,
    create: (request: CreateRun) => client.runs.create.mutate(request),
    pause: (id: string) => client.runs.pause.mutate({ id }),
    resume: (id: string) => client.runs.resume.mutate({ id }),
    stop: (id: string) => client.runs.stop.mutate({ id }),
    rename: (id: string, name: string) => client.runs.rename.mutate({ id, name }),
    remove: (id: string) => client.runs.remove.mutate({ id }),
    createSeveral: (request: CreateRun, seeds: number[]) => client.runs.createSeveral.mutate({ request, seeds }),
    again: (id: string) => client.runs.again.mutate({ id }),
    retry: (id: string) => client.runs.retry.mutate({ id }),
    exportWeights: (request: Parameters<typeof client.runs.exportWeights.mutate>[0]) => client.runs.exportWeights.mutate(request),
    fork: (request: Parameters<typeof client.runs.fork.mutate>[0]) => client.runs.fork.mutate(request),
    move: (ids: string[], position: number) => client.runs.move.mutate({ ids, position }),
    edit: (request: EditRuns) => client.runs.edit.mutate(request),
    pinCheckpoint: (id: string, request: { file: string; pinned: boolean }) => client.runs.pinCheckpoint.mutate({ id, ...request }),
    setNotes: (id: string, notes: string) => client.runs.setNotes.mutate({ id, notes }),
    restore: (id: string) => client.runs.restore.mutate({ id }),
    purge: (id: string) => client.runs.purge.mutate({ id }),
    removed: () => client.runs.removed.query(),
    bulk: (ids: string[], action: BulkAction) => client.runs.bulk.mutate({ ids, action }),
  }
})
