import { randomUUID } from 'node:crypto'
import type { CommonOptions, Context } from '../context.js'
import { followTask } from '../follow-task.js'
import { asJson, table } from '../format.js'
import { withWorkbench } from '../workbench.js'

const many = (count: number, one: string, more: string): string => (count === 1 ? `1 ${one}` : `${count} ${more}`)
const describe = ({ runs, studies }: { runs: number; studies: number }): string =>
  `${many(runs, 'run', 'runs')} and ${many(studies, 'study', 'studies')}`

/** Lists the examples, and states which of them this home has. */
export async function listExamples(context: Context, options: CommonOptions): Promise<void> {
  const { list, runs, studies } = await withWorkbench(context, options, async ({ client }) => ({
    list: await client.examples.list.query(),
    runs: new Set((await client.runs.list.query()).runs.map(({ id }) => id)),
    studies: new Set((await client.studies.list.query()).studies.map(({ id }) => id)),
  }))
  const rows = [
    ...list.runs.map(({ id, name }) => ({ id, name, kind: 'run', here: runs.has(id) })),
    ...list.studies.map(({ id, name }) => ({ id, name, kind: 'study', here: studies.has(id) })),
  ]
  if (options.json) return context.print(asJson(rows))
  table(
    ['ID', 'KIND', 'HERE', 'NAME'],
    rows.map(({ id, name, kind, here }) => [id, kind, here ? 'yes' : 'no', name]),
  ).forEach(context.print)
}

/** Adds the missing examples, and shows the progress on the terminal; Ctrl+C cancels it. */
export async function openExamples(context: Context, options: CommonOptions): Promise<void> {
  const taskId = randomUUID()
  const came = await withWorkbench(
    context,
    options,
    (workbench) => {
      const { examples } = workbench.client
      const cancel = () => examples.cancel.mutate({ taskId })
      return followTask(context, workbench, { id: taskId, cancel }, (begin) => begin(() => examples.open.mutate({ taskId })))
    },
    { lasting: true, handlesEnd: true },
  )
  context.print(options.json ? asJson(came) : `Opened ${describe(came)}. \`retrace examples remove\` removes them.`)
}

export async function removeExamples(context: Context, options: CommonOptions): Promise<void> {
  const removed = await withWorkbench(context, options, ({ client }) => client.examples.remove.mutate())
  context.print(options.json ? asJson(removed) : `Removed ${describe(removed)}. \`retrace examples open\` brings them back.`)
}
