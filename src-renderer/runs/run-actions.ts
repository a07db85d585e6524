import { defineStore } from 'pinia'
import type { BulkAction, BulkResult, Checkpoint, EditRuns, RunSummary } from '../../src-main/contract/runs.js'
import { formatCount } from '../ui/format.js'
import { useNotices } from '../home/notices.js'
import { useRuns } from '../home/runs.js'

const many = (count: number): string => (count === 1 ? '1 run' : `${formatCount(count)} runs`)
const were = (count: number): string => `${many(count)} ${count === 1 ? 'was' : 'were'}`

type Marks = Omit<EditRuns, 'ids'>

/** The marks that restore a run to its state before it was marked. */
function inverse(run: RunSummary, { addTags, removeTags, colour, pinned, archived, projectId }: Marks): Marks {
  const added = addTags?.filter((tag) => !run.tags.includes(tag)) ?? []
  const removed = removeTags?.filter((tag) => run.tags.includes(tag)) ?? []
  return {
    ...(added.length > 0 && { removeTags: added }),
    ...(removed.length > 0 && { addTags: removed }),
    ...(colour !== undefined && { colour: run.colour }),
    ...(pinned !== undefined && { pinned: run.pinned }),
    ...(archived !== undefined && { archived: run.archived }),
    ...(projectId !== undefined && { projectId: run.projectId }),
  }
}

/** Groups runs that are restored in the same way into one request. */
function inverses(runs: readonly RunSummary[], marks: Marks): EditRuns[] {
  const requests = new Map<string, EditRuns>()
  for (const run of runs) {
    const back = inverse(run, marks)
    const key = JSON.stringify(back)
    const request = requests.get(key)
    if (request) request.ids.push(run.id)
    else if (key !== '{}') requests.set(key, { ids: [run.id], ...back })
  }
  return [...requests.values()]
}

/** Commands for one or several runs, with notices and undo. */
export const useRunActions = defineStore('runActions', () => {
  const runs = useRuns()
  const notices = useNotices()

  async function command(ids: string[], action: BulkAction): Promise<BulkResult[]> {
    const results = (await notices.attempt(() => runs.bulk(ids, action))) ?? []
    const refused = results.filter(({ refusal }) => refusal !== null)
    if (refused.length === 1) notices.show('error', refused[0]?.refusal ?? '')
    else if (refused.length > 1) notices.show('error', `${many(refused.length)} could not be changed. First error: ${refused[0]?.refusal}`)
    return results.filter(({ refusal }) => refusal === null)
  }

  /** Sends the command for every run; errors are shown in a single notice. Returns the ids of the runs that accepted it. */
  const bulk = async (ids: string[], action: BulkAction): Promise<string[]> => (await command(ids, action)).map(({ id }) => id)

  /** Deletes runs. */
  async function remove(ids: string[]): Promise<string[]> {
    const removed = await bulk(ids, 'remove')
    if (removed.length)
      notices.changed(removed.length === 1 ? 'Run removed.' : `${many(removed.length)} removed.`, () => bulk(removed, 'restore'))
    return removed
  }

  /** Queues copies of runs as new runs. */
  async function again(ids: string[]): Promise<void> {
    const made = (await command(ids, 'again')).flatMap(({ madeId }) => madeId ?? [])
    if (made.length) notices.changed(`${many(made.length)} queued.`, () => bulk(made, 'remove'))
  }

  async function mark(ids: string[], marks: Marks, text: (count: number) => string): Promise<boolean> {
    const before = ids.flatMap((id) => runs.byId.get(id) ?? [])
    const baseline = [...runs.byId.values()].find((run) => run.baseline)
    const done = await notices.attempt(() => runs.edit({ ids, ...marks }))
    if (!done) return false
    notices.changed(text(done.length), async () => {
      for (const request of inverses(before, marks)) await runs.edit(request)
      // There is a single baseline: setting it on another run removes it from this one.
      if (marks.baseline !== undefined) await runs.edit(baseline ? { ids: [baseline.id], baseline: true } : { ids, baseline: false })
    })
    return true
  }

  /** Archives runs, or restores them from the archive. */
  const archive = (ids: string[], archived: boolean): Promise<boolean> =>
    mark(ids, { archived }, (count) => `${many(count)} ${archived ? 'archived' : 'unarchived'}.`)
  const pin = (ids: string[], pinned: boolean): Promise<boolean> =>
    mark(ids, { pinned }, (count) => `${were(count)} ${pinned ? 'pinned' : 'unpinned'}.`)
  const setBaseline = ({ id, name }: RunSummary, baseline: boolean): Promise<boolean> =>
    mark([id], { baseline }, () => (baseline ? `Set ${name} as baseline.` : `${name} is no longer the baseline.`))
  const setColour = ({ id, name }: RunSummary, colour: string | null): Promise<boolean> =>
    mark([id], { colour }, () => (colour ? `Changed the colour of ${name}.` : `Reset the colour of ${name}.`))
  const addTag = (ids: string[], tag: string): Promise<boolean> =>
    mark(ids, { addTags: [tag] }, (count) => `${were(count)} tagged “${tag}”.`)
  const removeTag = (ids: string[], tag: string): Promise<boolean> =>
    mark(ids, { removeTags: [tag] }, (count) => `Removed the tag “${tag}” from ${many(count)}.`)

  /** Puts runs into a project, or out of theirs when null. */
  const moveTo = (ids: string[], project: { id: string; name: string } | null): Promise<boolean> =>
    mark(ids, { projectId: project?.id ?? null }, (count) =>
      project ? `${many(count)} moved to the project “${project.name}”.` : `${many(count)} taken out of the project.`,
    )

  async function rename({ id, name: before }: RunSummary, name: string): Promise<void> {
    if (name === '' || name === before) return
    if (await notices.attempt(() => runs.rename(id, name))) notices.changed(`Renamed ${before} to ${name}.`, () => runs.rename(id, before))
  }

  async function setNotes({ id, name }: RunSummary, notes: string, before: string): Promise<boolean> {
    if (!(await notices.attempt(() => runs.setNotes(id, notes)))) return false
    notices.changed(`Saved the notes of ${name}.`, () => runs.setNotes(id, before))
    return true
  }

  async function pinCheckpoint({ runId: id, file, step, pinned }: Checkpoint): Promise<void> {
    const before = pinned === true
    const set = (now: boolean) => runs.pinCheckpoint(id, { file, pinned: now })
    if (await notices.attempt(() => set(!before)))
      notices.changed(`${before ? 'Unpinned' : 'Pinned'} the checkpoint at step ${formatCount(step)}.`, () => set(before))
  }

  /** Moves a queued run to another position in the queue. */
  async function move(id: string, position: number): Promise<void> {
    const before = runs.queue.findIndex((run) => run.id === id)
    if (position < 0 || position >= runs.queue.length) return
    const order = await notices.attempt(() => runs.move([id], position))
    const place = order?.findIndex((run) => run.id === id) ?? -1
    if (!order || place < 0) return
    notices.changed(`Moved ${order[place]?.name} to position ${place + 1} of ${order.length} in the queue.`, () => runs.move([id], before))
  }

  /** Takes a run out of the queue; undo puts it back in its place. */
  async function unqueue({ id, name }: RunSummary): Promise<void> {
    const before = runs.queue.findIndex((run) => run.id === id)
    if (!(await notices.attempt(() => runs.stop(id)))) return
    notices.changed(`Removed ${name} from the queue.`, async () => {
      // It may start immediately if there is a free slot.
      const { status } = await runs.resume(id)
      if (status === 'queued') await runs.move([id], before)
    })
  }

  return {
    bulk,
    remove,
    again,
    archive,
    pin,
    setBaseline,
    setColour,
    addTag,
    removeTag,
    moveTo,
    rename,
    setNotes,
    pinCheckpoint,
    move,
    unqueue,
  }
})
