import { hasConfiguration } from '../../../contract/runs.js'
import { userPath } from '../../home.js'
import type { CommonOptions, Context } from '../context.js'
import { asJson } from '../format.js'
import { withWorkbench } from '../workbench.js'

/** Default file names of both formats. */
const NAME = {
  archive: (id: string) => `${id}.retrace.tar.gz`,
  // eslint-disable-next-line no-restricted-syntax -- TensorBoard sorts by this name
  tensorboard: (id: string) => `events.out.tfevents.${Math.floor(Date.now() / 1000)}.${id}`,
}

interface RunFileOptions {
  out?: string | undefined
  format: 'archive' | 'tensorboard'
  overwrite?: boolean | undefined
}

/** Exports a run to a file for another Retrace or for TensorBoard. */
export async function exportRunFile(
  context: Context,
  id: string,
  { out, format, overwrite = false, ...options }: CommonOptions & RunFileOptions,
): Promise<void> {
  const path = userPath(out ?? NAME[format](id))
  await withWorkbench(context, options, ({ client }) => client.runs.exportFile.mutate({ id, path, format, overwrite }))
  context.print(options.json ? asJson({ runId: id, file: path }) : `Wrote run ${id} to ${path}`)
}

export async function importRun(context: Context, file: string, options: CommonOptions): Promise<void> {
  const { run, notes } = await withWorkbench(context, options, async ({ client }) => {
    const made = await client.runs.importFile.mutate({ path: userPath(file) })
    // For a run without a configuration, the notes state what the import assumed.
    return { run: made, notes: hasConfiguration(made) ? '' : (await client.runs.get.query({ id: made.id })).notes }
  })
  if (options.json) return context.print(asJson({ ...run, notes }))
  context.print(`Imported run ${run.id} (${run.name}); its status is ${run.status}`)
  notes
    .split('\n')
    .slice(1)
    .forEach((line) => context.print(line))
}
