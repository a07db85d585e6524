import { z } from 'zod'
import { UserError } from '../../contract/errors.js'
import type { Evaluation } from '../../contract/evaluations.js'
import { isOnnx } from '../../contract/onnx.js'
import { CLOCKS, reportedOf } from '../../contract/metrics.js'
import { ACTIVE, type Checkpoint, type RunDetail, type RunResult, type RunSummary } from '../../contract/runs.js'
import { readStoredConfig } from '../../contract/stored-config.js'
import { entryOf } from '../lab/lab-store.js'
import { OverwriteSchema, PathSchema, procedure } from '../procedure.js'
import { newId } from '../shared/ids.js'
import { detailOf, recordOf } from './detail.js'
import { findCheckpoint } from './find-checkpoint.js'
import { ById } from './input.js'
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
  importFile: procedure.input(z.strictObject({ path: PathSchema })).mutation(({ ctx: { changes, control, ports }, input: { path } }) => {
    const { checkpoints, evaluations, exchange, files, histograms, labResults, log, regions, runs, series } = ports
    return exchange.read(path, new AbortController().signal, async (incoming) => {
      const { detail } = incoming
      const result = resultOf(detail, incoming.evaluations)
      const id =
        runs.get(detail.id) || runs.removed().some(({ run }) => run.id === detail.id) || detail.id === 'imported' ? newId() : detail.id
      const points = await Promise.all(incoming.series.map(async ({ key, read }) => ({ key, points: await read() })))
      if (points.some(({ points: { steps } }) => !ascends(steps)))
        throw new UserError('BAD_INPUT', `${path} is damaged: it contains a series whose steps are not ascending. Export the run again.`)
      const summary: RunSummary = {
        ...detail,
        ...settled(detail),
        id,
        // The parent belongs to another home, unless this one has it as well.
        parentId: detail.parentId !== null && runs.get(detail.parentId) ? detail.parentId : null,
        // Studies are not exported with their runs.
        studyId: null,
        baseline: false,
        reported: reportedOf(result),
        latest: Object.fromEntries(
          points.flatMap(({ key, points: { values } }) =>
            !CLOCKS.includes(key) && values.length > 0 ? [[key, values.at(-1) as number]] : [],
          ),
        ),
      }
      const present = new Set(incoming.checkpoints.map(({ file }) => file))
      try {
        // Files come first: a row whose checkpoints are missing would be wrong, while files without a row only take space.
        files.adoptCheckpoints(id, incoming.checkpoints)
        return changes.commit((record) => {
          runs.insert({ summary, config: detail.config, environment: detail.environment, weightsFile: null })
          runs.updateRecord(id, { result, notes: detail.notes })
          for (const each of points) series.append(id, each.key, each.points)
          runs.update(id, { best: series.best(id) })
          for (const entry of incoming.log) log.append({ ...entry, runId: id })
          const absent = detail.checkpoints.filter(({ file }) => !present.has(file))
          if (absent.length > 0) log.append({ runId: id, at: Date.now(), level: 'warn', message: absence(absent) })
          for (const evaluation of incoming.evaluations) evaluations.put({ ...evaluation, runId: id })
          for (const { result, ...of } of incoming.lab) labResults.put({ ...of, ...entryOf(result), runId: id }, result)
          for (const each of incoming.regions) regions.put({ ...each, runId: id })
          for (const each of incoming.histograms) histograms.put({ ...each, runId: id })
          for (const checkpoint of detail.checkpoints.filter(({ file }) => present.has(file)))
            checkpoints.put({ ...checkpoint, runId: id, metrics: series.at(id, checkpoint.step) })
          const run = control.require(id)
          record({ kind: 'run', run })
          return run
        })
      } catch (error) {
        await files.removeRun(id)
        throw error
      }
    })
  }),

  /**
   * Exports parameters and batch norm statistics of a checkpoint (by default the last one) as .safetensors or, if that is how the name of the
   * file ends, its whole network as .onnx.
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
        const dataset = datasets.get(readStoredConfig(config).dataset)
        const isSame = dataset && [dataset.hash, ...(dataset.earlierHashes ?? [])].includes(environment.datasetHash ?? '')
        return weights.exportOnnx(source, path, { overwrite, dataset: isSame ? dataset : null })
      }
      return { path, step: checkpoint.step, bytes: await ctx.elsewhere.noting(path, work) }
    }),
}

/** Their files were not there when the run was exported. */
const absence = (checkpoints: readonly Checkpoint[]): string =>
  `The exported run came without the files of ${checkpoints.length === 1 ? 'the checkpoint' : 'the checkpoints'} at step ${checkpoints
    .map(({ step }) => step)
    .join(', ')}, which its home had lost.`

/** The result with its step and number of images, which archives of earlier versions only have in an evaluation. */
function resultOf({ result, config, step }: RunDetail, evaluations: readonly Evaluation[]): RunResult | null {
  if (!result || result.step !== null || result.testAccuracy === null) return result
  const its = evaluations.find(({ accuracy, loss }) => accuracy === result.testAccuracy && Object.is(loss, result.testLoss))
  return { ...result, step: its?.step ?? (config.validation === 0 ? step : null), images: its?.images ?? null }
}

/** The state of an imported run: one that was active when it was exported is not active here. */
function settled({ status }: RunSummary): Partial<RunSummary> {
  if (!ACTIVE.includes(status) && status !== 'queued') return {}
  return { status: 'interrupted', phase: null, remainingSeconds: null, reason: 'It was exported while it was active.' }
}

const ascends = (steps: Float64Array): boolean => steps.every((step, i) => i === 0 || step > (steps[i - 1] as number))
