import { UserError } from '../contract/errors.js'
import type { RunConfig } from '../contract/config.js'
import type { Dataset } from '../contract/datasets.js'
import { hasConfiguration, type Environment, type RunSummary } from '../contract/runs.js'
import type { Services } from '../contract/services.js'
import type { NetworkSummary } from '../contract/catalogue.js'
import type { Configurations } from './catalogue.js'
import type { Changes } from './changes.js'
import { findCheckpoint } from './find-checkpoint.js'
import { newId } from './ids.js'
import { packForWire } from './packing.js'
import type { CheckpointStore, Clock, HomeFiles, Journal, LogStore, RunStore, SeriesStore, Weights } from './ports.js'
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
  weights: Weights
  /** What is recorded with each new run, apart from engine and data set. */
  provenance(): Promise<Pick<Environment, 'retrace' | 'platform' | 'commit' | 'diff' | 'hardware'>>
}

/** Points of a series in little: as many as a chart has pixel columns, four times. */
const SKETCH = 4096

type Made =
  | 'list'
  | 'get'
  | 'create'
  | 'createSeveral'
  | 'again'
  | 'retry'
  | 'pause'
  | 'resume'
  | 'stop'
  | 'fork'
  | 'previewFork'
  | 'exportWeights'
  | 'series'
  | 'overview'
  | 'stretch'
  | 'log'

/** Creating runs and looking at them; their trainers are `RunControl`'s. */
export function createRuns(ports: RunPorts): Pick<Services['runs'], Made> {
  const { changes, journal, runs, series, log, checkpoints, files, clock, control, configurations, weights } = ports

  interface Plan {
    config: RunConfig
    summary: NetworkSummary
    dataset: Dataset
    name: string | undefined
    parentId: string | null
    id: string
    weightsFile: string | null
  }

  async function start(...plans: Plan[]): Promise<RunSummary[]> {
    const provenance = await ports.provenance()
    changes.commit((record) => {
      for (const plan of plans) record({ kind: 'run', run: insert(plan, provenance) })
    })
    for (const { id } of plans) control.admit(id)
    return plans.map(({ id }) => control.require(id))
  }

  function insert(
    { config, summary, dataset, name, parentId, id, weightsFile }: Plan,
    provenance: Awaited<ReturnType<RunPorts['provenance']>>,
  ): RunSummary {
    const environment: Environment = { engine: null, datasetHash: dataset.hash, ...provenance }
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
      best: {},
      lease: 0,
      parentId,
      tags: [],
      note: '',
      colour: null,
      pinned: false,
      baseline: false,
      archived: false,
      // The store puts it at the end of the queue.
      queueOrder: 0,
    }
    runs.insert({ summary: run, config, environment, weightsFile })
    return control.require(id)
  }

  /**
   * Starts runs whose initial weights `adopt` puts into their folders; takes the folders away again when the weights do not fit, or the
   * runs cannot be made.
   */
  async function startWithWeights(plans: Omit<Plan, 'weightsFile'>[], adopt: (id: string) => string): Promise<RunSummary[]> {
    try {
      const whole = plans.map((plan) => ({ ...plan, weightsFile: adopt(plan.id) }))
      for (const { id, weightsFile, config } of whole) await weights.check(files.weightsPath(id, weightsFile), config)
      return await start(...whole)
    } catch (error) {
      for (const { id } of plans) await files.removeRun(id)
      throw error
    }
  }

  /** From the user's file of weights where one is given, else from random ones. */
  const startFrom = (path: string | undefined, plans: Omit<Plan, 'weightsFile'>[]): Promise<RunSummary[]> =>
    path === undefined
      ? start(...plans.map((plan) => ({ ...plan, weightsFile: null })))
      : startWithWeights(plans, (id) => files.importWeights(path, id))

  function recordOf(id: string) {
    const record = runs.record(id)
    if (!record) throw new Error(`run ${id} has no record`)
    return record
  }

  return {
    list: async () => ({ runs: runs.list(), seq: journal.last() }),

    async get(id) {
      const summary = control.require(id)
      const { config, environment, result, notes } = recordOf(id)
      return { ...summary, config, environment, result, notes, checkpoints: checkpoints.list(id) }
    },

    async create(request) {
      const plan = { ...(await configurations.create(request)), name: request.name, parentId: null, id: newId() }
      return only(await startFrom(request.weights, [plan]))
    },

    async createSeveral(request, seeds) {
      const plans: Omit<Plan, 'weightsFile'>[] = []
      for (const seed of new Set(seeds)) {
        const plan = await configurations.create({ ...request, overrides: { ...request.overrides, seed } })
        const name = request.name?.trim() || plan.config.preset
        plans.push({ ...plan, name: `${name}, seed ${seed}`, parentId: null, id: newId() })
      }
      return startFrom(request.weights, plans)
    },

    async again(sourceId) {
      const source = control.require(sourceId)
      const { config, weightsFile } = recordOf(sourceId)
      if (!hasConfiguration(source))
        throw new UserError('CONFLICT', `${source.name} was imported without a configuration: there is nothing to run again.`)
      const plan = await configurations.fork(config, { overrides: {} })
      const id = newId()
      const common = { ...plan, name: `${source.name.replace(/ \(again\)$/, '')} (again)`, parentId: source.parentId, id }
      if (weightsFile === null) return only(await start({ ...common, weightsFile: null }))
      return only(await startWithWeights([common], () => files.copyWeights(sourceId, weightsFile, id)))
    },

    retry: async (id) => control.retry(id),

    pause: async (id) => control.command(id, 'pause'),
    resume: async (id) => control.command(id, 'resume'),
    stop: async (id) => control.command(id, 'stop'),

    async fork(parentId, { step, name, ...changes }) {
      const parent = control.require(parentId)
      const record = recordOf(parentId)
      const checkpoint = findCheckpoint(ports, parentId, { step })
      const plan = await configurations.fork(record.config, changes)
      const named = { ...plan, name: name?.trim() || `${parent.name} from step ${checkpoint.step}`, parentId, id: newId() }
      return only(await startWithWeights([named], (id) => files.adoptWeights(parentId, checkpoint.file, id)))
    },

    async previewFork(id, changes) {
      control.require(id)
      return configurations.previewFork(recordOf(id).config, changes)
    },

    async exportWeights(id, { step, path }) {
      control.require(id)
      const checkpoint = findCheckpoint(ports, id, { step })
      return { path, step: checkpoint.step, bytes: await weights.export(files.checkpointPath(id, checkpoint.file), path) }
    },

    async series(id, keys) {
      control.require(id)
      return { series: series.read(id, keys).map(({ key, points }) => ({ key, points: packForWire(points) })), seq: journal.last() }
    },

    async overview(id) {
      control.require(id)
      const all = series.counts(id).map(({ key, count }) => {
        const whole = count <= SKETCH
        const points = whole ? series.stretch(id, key, 0, count) : series.sketch(id, key, SKETCH)
        return { key, count, whole, points: packForWire(points) }
      })
      return { series: all, seq: journal.last() }
    },

    async stretch(id, { key, start, limit }) {
      control.require(id)
      return { points: packForWire(series.stretch(id, key, start, limit)), seq: journal.last() }
    },

    async log(id, { limit }) {
      control.require(id)
      return { entries: log.tail(id, limit), seq: journal.last() }
    },
  }
}

function only<T>(list: T[]): T {
  const [first] = list
  if (first === undefined) throw new Error('a plan was made, but no run')
  return first
}
