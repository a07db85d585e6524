import { bibliography, methodsParagraph } from '../../../contract/methods.js'
import { hasConfiguration } from '../../../contract/runs.js'
import { UserError } from '../../../contract/errors.js'
import { VERSION } from '../../version.js'
import type { CommonOptions, Context } from '../context.js'
import { asJson } from '../format.js'
import { withWorkbench } from '../workbench.js'

/** Prints a paragraph in LaTeX that describes how runs were made, and the BibTeX entries that it cites. */
export async function showPaper(context: Context, ids: readonly string[], options: CommonOptions): Promise<void> {
  const { runs, architectures, datasets } = await withWorkbench(context, options, async ({ client }) => ({
    runs: await Promise.all(ids.map((id) => client.runs.get.query({ id }))),
    architectures: await client.catalogue.architectures.query(),
    datasets: await client.datasets.list.query(),
  }))
  const without = runs.find((run) => !hasConfiguration(run))
  if (without)
    throw new UserError('BAD_INPUT', `Run ${without.id} was imported without a configuration, so its methods cannot be described.`)
  const about = { architectures, datasets, version: VERSION }
  const [methods, bibtex] = [methodsParagraph(runs, about), bibliography(runs, about)]
  context.print(options.json ? asJson({ methods, bibtex }) : `${methods}\n\n${bibtex.trimEnd()}`)
}
