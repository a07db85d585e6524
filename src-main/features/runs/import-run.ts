import { UserError } from '../../contract/errors.js'
import type { Evaluation } from '../../contract/evaluations.js'
import { CLOCKS, reportedOf } from '../../contract/metrics.js'
import { ACTIVE, type Checkpoint, type RunDetail, type RunResult, type RunSummary } from '../../contract/runs.js'
import type { EvaluationStore } from '../evaluations/keep-evaluation.js'
import type { Changes } from '../home/changes.js'
import { entryOf, type LabStore } from '../lab/lab-store.js'
import type { Projects } from '../projects/projects.js'
import { newId } from '../shared/ids.js'
import type { CheckpointStore } from './checkpoint-store.js'
import type { RunControl } from './control/run-control.js'
import type { HistogramStore } from './histogram-store.js'
import type { LogStore } from './log-store.js'
import type { RegionStore } from './region-store.js'
import type { RunExchange } from './run-exchange.js'
import type { RunFiles } from './run-files.js'
import type { RunStore } from './run-store.js'
import type { SeriesStore } from './series-store.js'

export interface ImportPorts {
  changes: Changes
  control: RunControl
  checkpoints: CheckpointStore
  evaluations: EvaluationStore
  exchange: RunExchange
  files: RunFiles
  histograms: HistogramStore
  labResults: LabStore
  log: LogStore
  projects: Pick<Projects, 'named'>
  regions: RegionStore
  runs: RunStore
  series: SeriesStore
}

/**
 * Creates a run from an archive or an event file. It keeps its id if no other run has it.
 * @param name the name of the run, if it differs from its own
 * @throws UserError BAD_INPUT, DISK
 */
export function importRun(
  ports: ImportPorts,
  path: string,
  { name = null, signal = new AbortController().signal }: { name?: string | null; signal?: AbortSignal } = {},
): Promise<RunSummary> {
  const { changes, control, checkpoints, evaluations, exchange, files, histograms, labResults, log, projects, regions, runs, series } =
    ports
  return exchange.read(path, signal, async (incoming) => {
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
      name: name?.slice(0, 200) ?? detail.name,
      // The parent belongs to another home, unless this one has it as well.
      parentId: detail.parentId !== null && runs.get(detail.parentId) ? detail.parentId : null,
      // Studies are not exported with their runs.
      studyId: null,
      projectId: incoming.project === null ? null : projects.named(incoming.project).id,
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
