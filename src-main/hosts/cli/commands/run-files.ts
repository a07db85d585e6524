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

/** Imports a run, or every run in a folder. */
export async function importRuns(context: Context, path: string, options: CommonOptions): Promise<void> {
  const { runs, refused } = await withWorkbench(context, options, async ({ client }) => {
    const made = await client.runs.importFolder.mutate({ path: userPath(path) })
    const described = await Promise.all(
      // For a run without a configuration of Retrace, the notes state what the import assumed.
      made.runs.map(async (run) => ({ ...run, notes: hasConfiguration(run) ? '' : (await client.runs.get.query({ id: run.id })).notes })),
    )
    return { runs: described, refused: made.refused }
  })
  const [only, ...others] = runs
  if (options.json) return context.print(asJson(others.length === 0 && refused.length === 0 ? only : { runs, refused }))
  for (const { id, name, status, notes } of runs) {
    context.print(`Imported run ${id} (${name}); its status is ${status}`)
    notes
      .split('\n')
      .slice(1)
      .filter((line) => line.startsWith('- '))
      .forEach((line) => context.print(line))
  }
  for (const { path: place, message } of refused) context.print(`Left out ${place}: ${message}`)
}
