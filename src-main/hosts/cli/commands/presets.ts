import type { CommonOptions, Context } from '../context.js'
import { asJson, table } from '../format.js'
import { withWorkbench } from '../workbench.js'

export async function presets(context: Context, options: CommonOptions): Promise<void> {
  const found = await withWorkbench(context, options, ({ client }) => client.catalogue.presets.query())
  if (options.json) return context.print(asJson(found))
  const rows = found.map(({ name, parameters, depth, title }) => [name, String(parameters), String(depth), title])
  table(['NAME', 'PARAMETERS', 'DEPTH', 'WHAT'], rows).forEach(context.print)
}
