import type { RunConfig } from '../contract/config.js'
import type { Dataset } from '../contract/datasets.js'
import { UserError } from '../contract/errors.js'
import { ACTIVE, type Environment, type RunSummary } from '../contract/runs.js'
import type { Services } from '../contract/services.js'
import type { NetworkSummary } from '../contract/catalogue.js'
import type { Configurations } from './catalogue.js'
import type { Changes } from './changes.js'
import { newId } from './ids.js'
import { packForWire } from './packing.js'
import type { CheckpointStore, Clock, HomeFiles, Journal, LogStore, RunStore, SeriesStore } from './ports.js'
import type { RunControl } from './run-control.js'

export interface RunPorts {
  changes: Changes
  journal: Journal
  runs: RunStore
  series: SeriesStore
  log: LogStore
  checkpoints: CheckpointStore
  files: HomeFiles
  clock: Clock
  control: RunControl
  configurations: Configurations
  /** What is recorded with each new run, apart from engine and data set. */
  provenance(): Promise<Pick<Environment, 'retrace' | 'platform' | 'commit' | 'diff'>>
}

/** Creating, looking at and changing runs; their trainers are `RunControl`'s. */
export function createRuns(ports: RunPorts): Services['runs'] {
  const { changes, journal, runs, series, log, checkpoints, files, clock, control, configurations } = ports

  interface Plan {
    config: RunConfig
    summary: NetworkSummary
    dataset: Dataset
    name: string | undefined
    parentId: string | null
    id: string
    weightsFile: string | null
  }

  async function start({ config, summary, dataset, name, parentId, id, weightsFile }: Plan): Promise<RunSummary> {
    const environment: Environment = { engine: null, datasetHash: dataset.hash, ...(await ports.provenance()) }
    changes.commit((record) => {
      const run: RunSummary = {
        id,
        name: name?.trim() || `${config.preset} ${runs.nextNumber()}`,
        preset: config.preset,
        dataset: config.dataset,
        status: 'queued',
        phase: null,
        reason: null,
        seed: config.seed,
        parameters: summary.parameters,
        createdAt: clock.now(),
        startedAt: null,
        endedAt: null,
        step: 0,
        totalSteps: config.steps,
        stepsPerEpoch: null,
        activeSeconds: 0,
        remainingSeconds: null,
        latest: {},
        lease: 0,
        parentId,
      }
      runs.insert({ summary: run, config, environment, weightsFile })
      record({ kind: 'run', run })
    })
    control.admit(id)
    return control.require(id)
  }

  function sourceOfFork(id: string, step: number | undefined) {
    const all = checkpoints.list(id).filter(({ file }) => files.hasCheckpoint(id, file))
    const found = step === undefined ? all.at(-1) : all.findLast((each) => each.step === step)
    if (found) return found
    if (all.length === 0) throw new UserError('NOT_FOUND', `Run ${id} has no checkpoint to fork from: wait until it has written one.`)
    const steps = [...new Set(all.map((each) => each.step))]
    throw new UserError('NOT_FOUND', `Run ${id} has no checkpoint at step ${step}: it has them at ${steps.slice(-12).join(', ')}.`)
  }

  return {
    list: async () => ({ runs: runs.list(), seq: journal.last() }),

    async get(id) {
      const summary = control.require(id)
      const record = runs.record(id)
      if (!record) throw new Error(`run ${id} has no record`)
      const { config, environment, result } = record
      return { ...summary, config, environment, result, checkpoints: checkpoints.list(id) }
    },

    async create(request) {
      const plan = await configurations.create(request)
      return start({ ...plan, name: request.name, parentId: null, id: newId(), weightsFile: null })
    },

    pause: async (id) => control.command(id, 'pause'),
    resume: async (id) => control.command(id, 'resume'),
    stop: async (id) => control.command(id, 'stop'),

    async fork(parentId, { step, overrides, name }) {
      const parent = control.require(parentId)
      const record = runs.record(parentId)
      if (!record) throw new Error(`run ${parentId} has no record`)
      const checkpoint = sourceOfFork(parentId, step)
      const plan = await configurations.fork(record.config, overrides)
      const id = newId()
      const weightsFile = files.adoptWeights(parentId, checkpoint.file, id)
      try {
        return await start({ ...plan, name: name?.trim() || `${parent.name} from step ${checkpoint.step}`, parentId, id, weightsFile })
      } catch (error) {
        await files.removeRun(id)
        throw error
      }
    },

    async rename(id, name) {
      control.require(id)
      return changes.commit((record) => {
        runs.update(id, { name })
        const run = control.require(id)
        record({ kind: 'run', run })
        return run
      })
    },

    async remove(id) {
      const run = control.require(id)
      if (ACTIVE.includes(run.status) || control.isLive(id))
        throw new UserError('CONFLICT', `Run ${id} is ${run.status}: stop it first, then remove it.`)
      changes.commit((record) => {
        runs.remove(id)
        record({ kind: 'runRemoved', runId: id })
      })
      await files.removeRun(id)
    },

    async series(id, keys) {
      control.require(id)
      return { series: series.read(id, keys).map(({ key, points }) => ({ key, points: packForWire(points) })), seq: journal.last() }
    },

    async log(id, { limit }) {
      control.require(id)
      return { entries: log.tail(id, limit), seq: journal.last() }
    },
  }
}
