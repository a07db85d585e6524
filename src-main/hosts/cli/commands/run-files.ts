import { userPath } from '../../home.js'
import type { CommonOptions, Context } from '../context.js'
import { asJson } from '../format.js'
import { withWorkbench } from '../workbench.js'

/** Names as the two kinds of files usually have them. */
const NAME = {
  archive: (id: string) => `${id}.retrace.tar.gz`,
  tensorboard: (id: string) => `events.out.tfevents.${Math.floor(Date.now() / 1000)}.${id}`,
}

/** A run as a file that another Retrace, or TensorBoard, reads. */
export async function exportRunFile(
  context: Context,
  id: string,
  { out, format, ...options }: CommonOptions & { out?: string | undefined; format: 'archive' | 'tensorboard' },
): Promise<void> {
  const path = userPath(out ?? NAME[format](id))
  await withWorkbench(context, options, ({ client }) => client.runs.exportFile.mutate({ id, path, format }))
  context.print(options.json ? asJson({ runId: id, file: path }) : `Run ${id} was written to ${path}`)
}

export async function importRun(context: Context, file: string, options: CommonOptions): Promise<void> {
  const run = await withWorkbench(context, options, ({ client }) => client.runs.importFile.mutate({ path: userPath(file) }))
  context.print(options.json ? asJson(run) : `Run ${run.id} (${run.name}) was imported; it is ${run.status}`)
}
