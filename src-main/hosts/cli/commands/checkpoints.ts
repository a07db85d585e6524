import { figuresOf } from '../../../contract/evaluations.js'
import { CHECKPOINT_KINDS } from '../../../contract/runs.js'
import type { CommonOptions, Context } from '../context.js'
import { asJson, bytes, decimal, percent, table } from '../format.js'
import { withWorkbench } from '../workbench.js'

/** Lists the checkpoints of a run, the last one at the end. */
export async function listCheckpoints(context: Context, id: string, options: CommonOptions): Promise<void> {
  const { checkpoints, evaluations } = await withWorkbench(context, options, async ({ client }) => ({
    ...(await client.runs.get.query({ id })),
    ...(await client.runs.evaluations.query({ id })),
  }))
  if (options.json) return context.print(asJson(checkpoints))
  if (checkpoints.length === 0) return context.print(`Run ${id} has no checkpoints yet. The first one is written when training starts.`)
  const figures = checkpoints.map((checkpoint) =>
    figuresOf(
      checkpoint,
      evaluations.find(({ file }) => file === checkpoint.file),
    ),
  )
  const rows = checkpoints.map(({ step, kind, pinned, bytes: size, contentHash, file }, at) => [
    String(step),
    CHECKPOINT_KINDS[kind],
    pinned ? 'pinned' : '',
    percent(figures[at]!.accuracy),
    decimal(figures[at]!.loss),
    bytes(size),
    contentHash === undefined ? 'weights' : 'everything',
    file,
  ])
  table(['STEP', 'KIND', 'PIN', 'TEST ACCURACY', 'TEST LOSS', 'SIZE', 'HASH OF', 'FILE'], rows).forEach(context.print)
  if (figures.some(({ accuracy }) => accuracy === undefined))
    context.note(
      `A dash means that the run was not evaluated at that step. \`retrace runs evaluate ${id} --step N\` evaluates a checkpoint.`,
    )
  if (checkpoints.some(({ contentHash }) => contentHash === undefined))
    context.note('Checkpoints with a hash of the weights only have an earlier format: the rest of their content cannot be verified.')
}

/** Pins or unpins a checkpoint of a run, by default the last one. */
export async function pinCheckpoint(
  context: Context,
  id: string,
  { step, pinned, ...options }: CommonOptions & { step?: number; pinned: boolean },
): Promise<void> {
  const request = { id, pinned, ...(step === undefined ? {} : { step }) }
  const checkpoint = await withWorkbench(context, options, ({ client }) => client.runs.pinCheckpoint.mutate(request))
  if (options.json) return context.print(asJson(checkpoint))
  const now = checkpoint.pinned ? 'is pinned: clean-ups keep it' : 'is no longer pinned'
  context.print(`The checkpoint of run ${id} at step ${checkpoint.step} ${now}`)
}
