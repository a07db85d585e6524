import { writeFile } from 'node:fs/promises'
import { UserError } from '../../../contract/errors.js'
import { DISTRIBUTIONS, histogramsCsv, unpackHistograms, type Histograms } from '../../../contract/histograms.js'
import { replaceFile } from '../../../durable/replace-file.js'
import { explainDiskError } from '../../../storage/disk-errors.js'
import { userPath } from '../../home.js'
import type { CommonOptions, Context } from '../context.js'
import { asJson, decimal, table } from '../format.js'
import { withWorkbench } from '../workbench.js'

interface HistogramOptions extends CommonOptions {
  step?: number
  csv?: string
  overwrite?: boolean
}

/** Shows the histograms that a run has collected: of one step as a table or JSON, or of all steps in a CSV file. */
export async function showHistograms(
  context: Context,
  id: string,
  { step, csv, overwrite = false, ...options }: HistogramOptions,
): Promise<void> {
  const { histograms } = await withWorkbench(context, options, ({ client }) => client.runs.histograms.query({ id }))
  if (histograms.length === 0)
    throw new UserError('NOT_FOUND', `Run ${id} has no histograms. Start a run with --set histograms=N to collect some every N steps.`)
  if (csv !== undefined) {
    const file = userPath(csv)
    try {
      await replaceFile(file, (temporary) => writeFile(temporary, histogramsCsv(histograms)), { overwrite })
    } catch (error) {
      throw explainDiskError(error, file)
    }
    return context.print(options.json ? asJson({ runId: id, file }) : `Wrote the histograms of ${histograms.length} steps to ${file}`)
  }
  const found = step === undefined ? histograms.at(-1) : histograms.find((each) => each.step === step)
  if (!found)
    throw new UserError(
      'NOT_FOUND',
      `Run ${id} has no histograms of step ${step}. It has those of: ${histograms.map((each) => each.step).join(', ')}.`,
    )
  if (options.json) {
    const units = unpackHistograms(found).map(({ shares, ...unit }) => ({ ...unit, shares: [...shares] }))
    return context.print(asJson({ runId: id, step: found.step, steps: histograms.map((each) => each.step), bins: found.bins, units }))
  }
  describe(found).forEach(context.print)
}

function describe(found: Histograms): string[] {
  const rows = unpackHistograms(found).map(({ kind, depth, most, mean, deviation }) => [
    DISTRIBUTIONS[kind],
    String(depth),
    decimal(mean),
    decimal(deviation),
    decimal(most),
  ])
  return [
    `Step ${found.step}, ${found.bins} bins between minus and plus RANGE:`,
    ...table(['OF', 'UNIT', 'MEAN', 'DEVIATION', 'RANGE'], rows),
  ]
}
