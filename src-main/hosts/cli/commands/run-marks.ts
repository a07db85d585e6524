import { configDiff } from '../../../contract/config-diff.js'
import { UserError } from '../../../contract/errors.js'
import type { BulkAction, EditRuns } from '../../../contract/runs.js'
import { ExitStatus, type CommonOptions, type Context } from '../context.js'
import { asJson, duration, table } from '../format.js'
import { withWorkbench } from '../workbench.js'
import { followAndPrint } from './train.js'

const DONE: Record<BulkAction, string> = {
  pause: 'is asked to pause',
  resume: 'is queued',
  stop: 'is asked to stop',
  retry: 'is queued from its beginning',
  again: 'is made again as',
  remove: 'was removed',
  restore: 'is back',
  purge: 'was deleted for good',
}

/** Gives the same command to every run; the exit status is 1 when one of them refused it. */
export async function bulkRuns(context: Context, action: BulkAction, ids: string[], options: CommonOptions): Promise<void> {
  const results = await withWorkbench(context, options, ({ client }) => client.runs.bulk.mutate({ ids, action }))
  if (options.json) context.print(asJson(results))
  for (const { id, refusal, madeId } of results) {
    if (refusal !== null) context.note(`retrace: ${refusal}`)
    else if (!options.json) context.print(`Run ${id} ${DONE[action]}${madeId ? ` ${madeId}` : ''}`)
  }
  if (results.some(({ refusal }) => refusal !== null)) throw new ExitStatus(1)
}

/** Queues one run anew, from its beginning or as a new one; where no other process would do the work, this one stays until it is done. */
export async function queueAnew(context: Context, how: 'retry' | 'again', id: string, options: CommonOptions): Promise<void> {
  await withWorkbench(
    context,
    options,
    async (workbench) => {
      const run = await workbench.client.runs[how].mutate({ id })
      if (workbench.own) return followAndPrint(workbench, context, run)
      context.print(options.json ? asJson(run) : `Run ${run.id} is ${run.status}`)
    },
    { lasting: true, handlesEnd: true },
  )
}

export interface EditOptions extends CommonOptions {
  tag?: string[]
  untag?: string[]
  colour?: string
  pin?: boolean
  baseline?: boolean
  archive?: boolean
}

/** Changes what runs are marked with. */
export async function editRuns(
  context: Context,
  ids: string[],
  { tag, untag, colour, pin, baseline, archive, ...options }: EditOptions,
): Promise<void> {
  const edit: EditRuns = {
    ids,
    ...(tag && { addTags: tag }),
    ...(untag && { removeTags: untag }),
    ...(colour !== undefined && { colour: colour === 'none' ? null : colour }),
    ...(pin !== undefined && { pinned: pin }),
    ...(baseline !== undefined && { baseline }),
    ...(archive !== undefined && { archived: archive }),
  }
  if (Object.keys(edit).length === 1)
    throw new UserError('BAD_INPUT', 'Nothing to change was given: use for example --tag NAME, --pin or --archive.')
  const rows = await withWorkbench(context, options, ({ client }) => client.runs.edit.mutate(edit))
  if (options.json) return context.print(asJson(rows))
  for (const run of rows) {
    const marks = [run.pinned && 'pinned', run.baseline && 'baseline', run.archived && 'archived', ...run.tags.map((each) => `#${each}`)]
    context.print(`Run ${run.id}: ${marks.filter(Boolean).join(', ') || 'no marks'}`)
  }
}

/** Replaces the notes of a run, or prints them when no text is given. */
export async function runNotes(context: Context, id: string, text: string | undefined, options: CommonOptions): Promise<void> {
  const notes = await withWorkbench(context, options, async ({ client }) => {
    if (text !== undefined) await client.runs.setNotes.mutate({ id, notes: text })
    return (await client.runs.get.query({ id })).notes
  })
  context.print(options.json ? asJson({ runId: id, notes }) : notes)
}

/** The removed runs that can be brought back. */
export async function listRemoved(context: Context, options: CommonOptions): Promise<void> {
  const removed = await withWorkbench(context, options, ({ client }) => client.runs.removed.query())
  if (options.json) return context.print(asJson(removed))
  if (removed.length === 0) return context.print('No removed run can be brought back.')
  const rows = removed.map(({ run, goesAt }) => [run.id, duration(Math.max(0, (goesAt - Date.now()) / 1000)), run.name])
  table(['ID', 'GOES IN', 'NAME'], rows).forEach(context.print)
}

const shown = (value: unknown): string => (value === undefined ? '(absent)' : JSON.stringify(value))

/** In which keys the configurations of two runs differ; of a fork and its parent when one is given. */
export async function diffRuns(context: Context, id: string, otherId: string | undefined, options: CommonOptions): Promise<void> {
  const { from, to, differences } = await withWorkbench(context, options, async ({ client }) => {
    const run = await client.runs.get.query({ id })
    const other = otherId ?? run.parentId
    if (other === null) throw new UserError('BAD_INPUT', `Run ${id} is no fork: name a second run to compare it with.`)
    const before = otherId === undefined ? await client.runs.get.query({ id: other }) : run
    const after = otherId === undefined ? run : await client.runs.get.query({ id: other })
    return { from: before.id, to: after.id, differences: configDiff(before.config, after.config) }
  })
  if (options.json) return context.print(asJson({ from, to, differences }))
  if (differences.length === 0) return context.print(`The configurations of ${from} and ${to} are the same.`)
  table(
    ['KEY', from, to],
    differences.map(({ path, before, after }) => [path, shown(before), shown(after)]),
  ).forEach(context.print)
}

/** Lists what waits, in its order. */
export async function listQueue(context: Context, options: CommonOptions): Promise<void> {
  const { runs, settings } = await withWorkbench(context, options, async ({ client }) => ({
    runs: (await client.runs.list.query()).runs,
    settings: await client.settings.get.query(),
  }))
  const queue = runs.filter(({ status }) => status === 'queued').sort((a, b) => a.queueOrder - b.queueOrder)
  const atOnce = settings['queue.concurrentRuns']
  if (options.json) return context.print(asJson({ concurrentRuns: atOnce, queue }))
  context.print(`${atOnce} at once; \`retrace settings set queue.concurrentRuns N\` changes that`)
  if (queue.length === 0) return context.print('Nothing waits in the queue.')
  table(
    ['PLACE', 'ID', 'PRESET', 'DATA SET', 'SEED', 'NAME'],
    queue.map((run, at) => [String(at + 1), run.id, run.preset, run.dataset, String(run.seed), run.name]),
  ).forEach(context.print)
}

/** Puts waiting runs at a place of the queue; place 1 is next. */
export async function moveRuns(context: Context, ids: string[], { to, ...options }: CommonOptions & { to: number }): Promise<void> {
  const queue = await withWorkbench(context, options, ({ client }) => client.runs.move.mutate({ ids, position: Math.max(0, to - 1) }))
  if (options.json) return context.print(asJson(queue))
  queue.forEach((run, at) => context.print(`${at + 1}  ${run.id}  ${run.name}`))
}
