import { configDiff, describeRecipes } from '../../../contract/config-diff.js'
import { UserError } from '../../../contract/errors.js'
import { hasConfiguration, knownConfiguration, originOf, type BulkAction, type EditRuns, type RunDetail } from '../../../contract/runs.js'
import { ExitStatus, type CommonOptions, type Context } from '../context.js'
import { asJson, duration, table } from '../format.js'
import { withWorkbench } from '../workbench.js'
import { projectOrNone } from './projects.js'
import { followAndPrint } from './train.js'

const DONE: Record<BulkAction, string> = {
  pause: 'is pausing',
  resume: 'is queued',
  stop: 'is stopping',
  retry: 'is queued and restarts from step 0',
  again: 'is repeated as',
  remove: 'was removed',
  restore: 'was restored',
  purge: 'was permanently deleted',
}

/** Applies an action to every run. The exit status is 1 when it failed for one of them. */
export async function bulkRuns(context: Context, action: BulkAction, ids: string[], options: CommonOptions): Promise<void> {
  const results = await withWorkbench(context, options, ({ client }) => client.runs.bulk.mutate({ ids, action }))
  if (options.json) context.print(asJson(results))
  for (const { id, refusal, madeId } of results) {
    if (refusal !== null) context.note(`retrace: ${refusal}`)
    else if (!options.json) context.print(`Run ${id} ${DONE[action]}${madeId ? ` ${madeId}` : ''}`)
  }
  if (results.some(({ refusal }) => refusal !== null)) throw new ExitStatus(1)
}

/** Queues a run again, from step 0 or as a new run. If no other process does the work, this one stays until it is done. */
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
  project?: string
  colour?: string
  pin?: boolean
  baseline?: boolean
  archive?: boolean
}

/** Changes the marks of runs. */
export async function editRuns(
  context: Context,
  ids: string[],
  { tag, untag, project, colour, pin, baseline, archive, ...options }: EditOptions,
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
  if (Object.keys(edit).length === 1 && project === undefined)
    throw new UserError('BAD_INPUT', 'There is nothing to change. Add an option such as --tag NAME, --pin or --archive.')
  const rows = await withWorkbench(context, options, async ({ client }) =>
    client.runs.edit.mutate({ ...edit, ...(project === undefined ? {} : { projectId: await projectOrNone(client, project) }) }),
  )
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

/** Lists the removed runs that can be restored, and for how much longer. */
export async function listRemoved(context: Context, options: CommonOptions): Promise<void> {
  const removed = await withWorkbench(context, options, ({ client }) => client.runs.removed.query())
  if (options.json) return context.print(asJson(removed))
  if (removed.length === 0) return context.print('There are no removed runs to restore.')
  const rows = removed.map(({ run, keptSeconds }) => [run.id, duration(keptSeconds), run.name])
  table(['ID', 'KEPT FOR', 'NAME'], rows).forEach(context.print)
  context.note('Only time during which Retrace is open on this home counts.')
}

const shown = (value: unknown): string => (value === undefined ? '(absent)' : JSON.stringify(value))

/** @throws UserError NOT_FOUND if the run has no known configuration */
function configurationOf(run: RunDetail): object {
  const known = knownConfiguration(run)
  if (known) return known
  throw new UserError('NOT_FOUND', `${run.name} was ${originOf(run)}, so there is nothing to compare. Compare its results in the window.`)
}

/** Shows the keys in which the configurations of two runs differ; with one run, those of a fork and its parent. */
export async function diffRuns(context: Context, id: string, otherId: string | undefined, options: CommonOptions): Promise<void> {
  const { from, to, differences, recipes } = await withWorkbench(context, options, async ({ client }) => {
    const run = await client.runs.get.query({ id })
    const other = otherId ?? run.parentId
    if (other === null) throw new UserError('BAD_INPUT', `Run ${id} is not a fork. Give a second run to compare it with.`)
    const before = otherId === undefined ? await client.runs.get.query({ id: other }) : run
    const after = otherId === undefined ? run : await client.runs.get.query({ id: other })
    // A run made by another program has none of Retrace's keys, which does not count as a difference.
    const differences = configDiff(configurationOf(before), configurationOf(after)).filter(
      (each) => (hasConfiguration(before) || each.before !== undefined) && (hasConfiguration(after) || each.after !== undefined),
    )
    const recipes = hasConfiguration(before) && hasConfiguration(after) ? describeRecipes([before.config, after.config]) : null
    return { from: before.id, to: after.id, differences, recipes }
  })
  if (options.json) return context.print(asJson({ from, to, differences }))
  if (differences.length === 0) return context.print(`The configurations of ${from} and ${to} are identical.`)
  if (recipes !== null) context.print(recipes)
  table(
    ['KEY', from, to],
    differences.map(({ path, before, after }) => [path, shown(before), shown(after)]),
  ).forEach(context.print)
}

/** Lists the queue in order. */
export async function listQueue(context: Context, options: CommonOptions): Promise<void> {
  const { runs, settings } = await withWorkbench(context, options, async ({ client }) => ({
    runs: (await client.runs.list.query()).runs,
    settings: await client.settings.get.query(),
  }))
  const queue = runs.filter(({ status }) => status === 'queued').sort((a, b) => a.queueOrder - b.queueOrder)
  const atOnce = settings['queue.concurrentRuns']
  if (options.json) return context.print(asJson({ concurrentRuns: atOnce, queue }))
  context.print(`Concurrent runs: ${atOnce} (\`retrace settings set queue.concurrentRuns N\` changes it)`)
  if (queue.length === 0) return context.print('The queue is empty.')
  table(
    ['POSITION', 'ID', 'PRESET', 'DATA SET', 'SEED', 'NAME'],
    queue.map((run, at) => [String(at + 1), run.id, run.preset, run.dataset, String(run.seed), run.name]),
  ).forEach(context.print)
}

/** Moves queued runs to a position in the queue; 1 is next. */
export async function moveRuns(context: Context, ids: string[], { to, ...options }: CommonOptions & { to: number }): Promise<void> {
  const queue = await withWorkbench(context, options, ({ client }) => client.runs.move.mutate({ ids, position: Math.max(0, to - 1) }))
  if (options.json) return context.print(asJson(queue))
  queue.forEach((run, at) => context.print(`${at + 1}  ${run.id}  ${run.name}`))
}
