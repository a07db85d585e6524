import { UserError } from '../contract/errors.js'
import { ACTIVE_SECONDS } from '../contract/metrics.js'
import { ACTIVE, type RunSummary } from '../contract/runs.js'
import type { Services } from '../contract/services.js'
import type { Changes } from './changes.js'
import { newId } from './ids.js'
import type { CheckpointStore, EvaluationStore, HomeFiles, LogStore, RunExchange, RunStore, SeriesStore } from './ports.js'
import type { RunControl } from './run-control.js'

interface ExchangePorts {
  changes: Changes
  checkpoints: CheckpointStore
  evaluations: EvaluationStore
  control: RunControl
  exchange: RunExchange
  files: HomeFiles
  log: LogStore
  runs: RunStore
  series: SeriesStore
}

/** Log entries that travel with a run. */
const LOG = 20_000

/** Runs as files: out of this home, and into it. */
export function createRunExchange(ports: ExchangePorts): Pick<Services['runs'], 'exportFile' | 'importFile'> {
  const { changes, checkpoints, control, evaluations, exchange, files, log, runs, series } = ports

  return {
    async exportFile(id, { path, format }) {
      const summary = control.require(id)
      const record = runs.record(id)
      if (!record) throw new Error(`run ${id} has no record`)
      const { config, environment, result, notes } = record
      await exchange.write(format, path, {
        detail: { ...summary, config, environment, result, notes, checkpoints: checkpoints.list(id) },
        log: log.tail(id, LOG),
        evaluations: evaluations.list(id).flatMap(({ file }) => evaluations.get(id, file) ?? []),
        series: series.counts(id),
        points: (key, start, limit) => series.stretch(id, key, start, limit),
        checkpointPath: (file) => `${files.checkpointFolder(id)}/${file}`,
      })
    },

    importFile: (path) =>
      exchange.read(path, new AbortController().signal, async (incoming) => {
        const { detail } = incoming
        const id =
          runs.get(detail.id) || runs.removed().some(({ run }) => run.id === detail.id) || detail.id === 'imported' ? newId() : detail.id
        const points = await Promise.all(incoming.series.map(async ({ key, read }) => ({ key, points: await read() })))
        if (points.some(({ points: { steps } }) => !ascends(steps)))
          throw new UserError('BAD_INPUT', `${path} holds a series whose steps do not ascend: it is damaged, export it again.`)
        const summary: RunSummary = {
          ...detail,
          ...settled(detail),
          id,
          // The parent is another home's, unless it is here too.
          parentId: detail.parentId !== null && runs.get(detail.parentId) ? detail.parentId : null,
          baseline: false,
          latest: Object.fromEntries(
            points.flatMap(({ key, points: { values } }) =>
              key !== ACTIVE_SECONDS && values.length > 0 ? [[key, values.at(-1) as number]] : [],
            ),
          ),
        }
        const present = new Set(incoming.checkpoints.map(({ file }) => file))
        try {
          // Files first: a row whose checkpoints are missing would be a lie, files without a row are only in the way.
          files.adoptCheckpoints(id, incoming.checkpoints)
          return changes.commit((record) => {
            runs.insert({ summary, config: detail.config, environment: detail.environment, weightsFile: null })
            runs.updateRecord(id, { result: detail.result, notes: detail.notes })
            for (const each of points) series.append(id, each.key, each.points)
            runs.update(id, { best: series.best(id) })
            for (const entry of incoming.log) log.append({ ...entry, runId: id })
            for (const evaluation of incoming.evaluations) evaluations.put({ ...evaluation, runId: id })
            for (const checkpoint of detail.checkpoints) if (present.has(checkpoint.file)) checkpoints.put({ ...checkpoint, runId: id })
            const run = control.require(id)
            record({ kind: 'run', run })
            return run
          })
        } catch (error) {
          await files.removeRun(id)
          throw error
        }
      }),
  }
}

/** A run that was at work when it was exported is at work nowhere here. */
function settled({ status }: RunSummary): Partial<RunSummary> {
  if (!ACTIVE.includes(status) && status !== 'queued') return {}
  return { status: 'interrupted', phase: null, remainingSeconds: null, reason: 'It was exported while it was at work.' }
}

const ascends = (steps: Float64Array): boolean => steps.every((step, i) => i === 0 || step > (steps[i - 1] as number))
