import type { CommonOptions, Context } from '../context.js'
import { asJson, bytes, decimal, percent, table } from '../format.js'
import { withWorkbench } from '../workbench.js'

/** The checkpoints of a run, the last one at the end. */
export async function listCheckpoints(context: Context, id: string, options: CommonOptions): Promise<void> {
  const { checkpoints } = await withWorkbench(context, options, ({ client }) => client.runs.get.query({ id }))
  if (options.json) return context.print(asJson(checkpoints))
  if (checkpoints.length === 0)
    return context.print(`Run ${id} has no checkpoint yet: the first one is written when its training has started.`)
  const rows = checkpoints.map(({ step, kind, pinned, bytes: size, metrics, file }) => [
    String(step),
    kind,
    pinned ? 'pinned' : '',
    percent(metrics['test/accuracy']),
    decimal(metrics['test/loss']),
    bytes(size),
    file,
  ])
  table(['STEP', 'KIND', 'PIN', 'ACCURACY', 'LOSS', 'SIZE', 'FILE'], rows).forEach(context.print)
}

/** Pins a checkpoint of a run, the last one unless a step is given, or takes its pin away. */
export async function pinCheckpoint(
  context: Context,
  id: string,
  { step, pinned, ...options }: CommonOptions & { step?: number; pinned: boolean },
): Promise<void> {
  const request = { id, pinned, ...(step === undefined ? {} : { step }) }
  const checkpoint = await withWorkbench(context, options, ({ client }) => client.runs.pinCheckpoint.mutate(request))
  if (options.json) return context.print(asJson(checkpoint))
  const now = checkpoint.pinned ? 'is pinned: no clean-up that keeps what is pinned deletes it' : 'is not pinned any more'
  context.print(`The checkpoint of run ${id} at step ${checkpoint.step} ${now}`)
}
