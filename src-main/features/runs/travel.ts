import { z } from 'zod'
import { isUserError } from '../../contract/errors.js'
import { isOnnx } from '../../contract/onnx.js'
import type { RunSummary } from '../../contract/runs.js'
import { readStoredConfig } from '../../contract/stored-config.js'
import { OverwriteSchema, PathSchema, procedure } from '../procedure.js'
import { detailOf, recordOf } from './detail.js'
import { findCheckpoint } from './find-checkpoint.js'
import { importRun } from './import-run.js'
import { ById } from './input.js'
import { requireSameDynamics } from './own-dynamics.js'
import type { OutgoingRun } from './run-exchange.js'

/** Maximum number of log entries that are exported with a run. */
const LOG = 20_000

/** Exports runs to files on the machine that holds the home, and imports them. */
export const travel = {
  /** Exports a run completely as an archive, or its metrics as a TensorBoard event file. */
  exportFile: procedure
    .input(ById.extend({ path: PathSchema, format: z.enum(['archive', 'tensorboard']), overwrite: OverwriteSchema }))
    .mutation(async ({ ctx, input: { id, format, overwrite, ...wanted } }) => {
      const { control, elsewhere } = ctx
      const { evaluations, exchange, files, histograms, labResults, log, regions, series } = ctx.ports
      const path = ctx.writePath(wanted.path)
      const run: OutgoingRun = {
        detail: detailOf(ctx.ports, control.require(id)),
        project: ctx.projects.nameOf(control.require(id).projectId),
        log: log.tail(id, LOG),
        evaluations: evaluations.list(id).flatMap(({ file }) => evaluations.get(id, file) ?? []),
        lab: labResults
          .list(id)
          .reverse()
          .flatMap(({ number, file, step, at }) => {
            const result = labResults.get(number)
            return result ? [{ file, step, at, result }] : []
          }),
        regions: regions.list(id),
        histograms: histograms.list(id),
        series: series.counts(id),
        points: (key, start, limit) => series.stretch(id, key, start, limit),
        checkpointPath: (file) => `${files.checkpointFolder(id)}/${file}`,
      }
      await elsewhere.noting(path, () => exchange.write({ format, path, overwrite }, run))
      return { path }
    }),

  /** Creates a run from such a file. It keeps its id if no other run has it. */
  importFile: procedure
    .input(z.strictObject({ path: PathSchema }))
    .mutation(({ ctx: { changes, control, ports, projects }, input: { path } }) =>
      importRun({ ...ports, changes, control, projects }, path),
    ),

  /**
   * Creates a run for each one in a folder. Those that cannot be read are reported with the reason, and do not prevent the others.
   * @throws UserError BAD_INPUT if none can be read
   */
  importFolder: procedure
    .input(z.strictObject({ path: PathSchema }))
    .mutation(async ({ ctx: { changes, control, ports, projects }, input: { path } }) => {
      const made: RunSummary[] = []
      const refused: { path: string; message: string }[] = []
      let first: unknown
      for (const { path: place, name } of await ports.exchange.find(path))
        try {
          made.push(await importRun({ ...ports, changes, control, projects }, place, { name }))
        } catch (error) {
          if (!isUserError(error)) throw error
          first ??= error
          refused.push({ path: place, message: error.message })
        }
      if (made.length === 0) throw first
      return { runs: made, refused }
    }),

  /**
   * Exports parameters and batch norm statistics of a checkpoint (by default the last one) as .safetensors or, depending on the extension
   * of the file name, its complete network as .onnx.
   */
  exportWeights: procedure
    .input(ById.extend({ step: z.int().min(0).optional(), path: PathSchema, overwrite: OverwriteSchema }))
    .mutation(async ({ ctx, input: { id, step, overwrite, ...wanted } }) => {
      const { datasets, files, runs, weights } = ctx.ports
      const path = ctx.writePath(wanted.path)
      ctx.control.require(id)
      const checkpoint = findCheckpoint(ctx.ports, id, { step })
      const source = files.checkpointPath(id, checkpoint.file)
      const { config, environment } = recordOf(runs, id)
      const work = (): Promise<number> => {
        if (!isOnnx(path)) return weights.export(source, path, overwrite)
        requireSameDynamics(ctx.ports, id)
        const dataset = datasets.get(readStoredConfig(config).dataset)
        const isSame = dataset && [dataset.hash, ...(dataset.earlierHashes ?? [])].includes(environment.datasetHash ?? '')
        return weights.exportOnnx(source, path, { overwrite, dataset: isSame ? dataset : null })
      }
      return { path, step: checkpoint.step, bytes: await ctx.elsewhere.noting(path, work) }
    }),
}
