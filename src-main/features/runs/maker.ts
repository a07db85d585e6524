import type { RunConfig } from '../../contract/config.js'
import type { Dataset } from '../../contract/datasets.js'
import { requireDevice } from '../../contract/gpus.js'
import { FRESH_RUN } from '../../contract/fresh-run.js'
import { type CreateRun, type Environment, type ForkRun, type RunSummary } from '../../contract/runs.js'
import { readStoredConfig } from '../../contract/stored-config.js'
import type { NetworkSummary } from '../../contract/catalogue.js'
import type { Configurations } from './configurations.js'
import type { Change } from '../../contract/changes.js'
import type { Changes } from '../home/changes.js'
import type { Projects } from '../projects/projects.js'
import { recordOf } from './detail.js'
import { findCheckpoint } from './find-checkpoint.js'
import { ResourcesSchema, type Resources } from '../../contract/cluster.js'
import type { JobStore } from '../cluster/job-store.js'
import { newId } from '../shared/ids.js'
import type { RunControl } from './control/run-control.js'
import { requireOwn } from './control/run-state.js'
import type { CheckpointStore } from './checkpoint-store.js'
import type { Gpus } from './gpus.js'
import type { OwnDynamics } from './own-dynamics.js'
import type { RunFiles } from './run-files.js'
import type { RunStore } from './run-store.js'
import type { Weights } from './weights.js'
import type { Clock } from '../shared/clock.js'

export interface MakerPorts {
  changes: Changes
  runs: RunStore
  checkpoints: CheckpointStore
  files: RunFiles
  jobs: JobStore
  clock: Clock
  control: RunControl
  configurations: Configurations
  weights: Weights
  ownDynamics?: OwnDynamics | undefined
  gpus?: Gpus | undefined
  projects: Pick<Projects, 'require'>
  /** The environment that is recorded with each new run, except engine and data set. */
  provenance(): Promise<Pick<Environment, 'retrace' | 'platform' | 'commit' | 'diff' | 'hardware' | 'numerics'>>
}

/** A run that is about to be created. */
export interface Plan {
  config: RunConfig
  summary: NetworkSummary
  dataset: Dataset
  name: string | undefined
  parentId: string | null
  /** The study that it belongs to. */
  studyId?: string | undefined
  /** The project that it is put into; null for none. */
  projectId: string | null
  id: string
  weightsFile: string | null
  /** See `Environment`. */
  device?: string | undefined
  /** See `RunRecord`. */
  pauseAt?: number | null | undefined
  /** What it asks a cluster for; absent, it is computed where its study is, or here. */
  place?: Resources | undefined
}

/** Creates and queues runs; `RunControl` starts their trainers. */
export class RunMaker {
  constructor(private readonly ports: MakerPorts) {}

  async create(request: CreateRun): Promise<RunSummary> {
    const projectId = this.projectOf(request)
    const device = await this.deviceOf(request)
    const resolved = await this.ports.configurations.create(request)
    const plan = { ...resolved, name: request.name, parentId: null, projectId, id: newId(), device, place: placeOf(request) }
    return only(await this.startFrom(request.weights, [plan]))
  }

  /** Creates one run per seed, queued together in this order. */
  async createSeveral({ request, seeds }: { request: CreateRun; seeds: readonly number[] }): Promise<RunSummary[]> {
    const plans: Omit<Plan, 'weightsFile'>[] = []
    const device = await this.deviceOf(request)
    const projectId = this.projectOf(request)
    for (const seed of new Set(seeds)) {
      const plan = await this.ports.configurations.create({ ...request, overrides: { ...request.overrides, seed } })
      const name = request.name?.trim() || plan.config.preset
      plans.push({ ...plan, name: `${name}, seed ${seed}`, parentId: null, projectId, id: newId(), device, place: placeOf(request) })
    }
    return this.startFrom(request.weights, plans)
  }

  /** Creates a run with the same configuration and, for a fork, the same initial weights. */
  async again({ id: sourceId }: { id: string }): Promise<RunSummary> {
    const { configurations, control, files, runs } = this.ports
    const source = requireOwn(control.require(sourceId))
    const { config, weightsFile } = recordOf(runs, sourceId)
    const plan = await configurations.fork(readStoredConfig(config), { overrides: {} })
    const id = newId()
    const common = {
      ...plan,
      name: `${source.name.replace(/ \(again\)$/, '')} (again)`,
      parentId: source.parentId,
      projectId: source.projectId,
      place: this.ports.jobs.resourcesOf(sourceId) ?? undefined,
      id,
    }
    if (weightsFile === null) return only(await this.start([{ ...common, weightsFile: null }]))
    return only(await this.startWithWeights([common], () => files.copyWeights(sourceId, weightsFile, id)))
  }

  /** Creates a run that starts at step 0 with the weights of a checkpoint (by default the last one) of another run. */
  async fork({ id: parentId, step, name, ...changes }: ForkRun & { id: string }): Promise<RunSummary> {
    const { configurations, control, files, runs, weights } = this.ports
    const parent = requireOwn(control.require(parentId))
    const record = recordOf(runs, parentId)
    const checkpoint = findCheckpoint(this.ports, parentId, { step })
    const plan = await configurations.fork(readStoredConfig(record.config), changes)
    const from = `${parent.name} from step ${checkpoint.step}${changes.doubled ? ', twice as deep' : ''}`
    const named = { ...plan, name: name?.trim() || from, parentId, projectId: parent.projectId, id: newId() }
    const adopt = (id: string): string => files.adoptWeights(parentId, checkpoint.file, id)
    return only(await this.startWithWeights([named], adopt, changes.doubled ? weights.double : undefined))
  }

  /**
   * Inserts and queues runs in one transaction.
   * @param also runs in the same transaction, after the runs have been inserted
   */
  async start(plans: readonly Plan[], also: (record: (change: Change) => void) => void = () => undefined): Promise<RunSummary[]> {
    const { changes, control } = this.ports
    const provenance = await this.ports.provenance()
    changes.commit((record) => {
      for (const plan of plans) record({ kind: 'run', run: this.insert(plan, provenance) })
      also(record)
    })
    control.admit(...plans.map(({ id }) => id))
    return plans.map(({ id }) => control.require(id))
  }

  /** @throws UserError BAD_INPUT or UNAVAILABLE if the requested GPU is not available */
  private async deviceOf({ device }: CreateRun): Promise<string | undefined> {
    return device && requireDevice(device, (await this.ports.gpus?.look()) ?? { gpus: null, usable: false })
  }

  private insert(
    { config, summary, dataset, name, parentId, studyId = undefined, projectId, id, weightsFile, device, pauseAt = null, place }: Plan,
    provenance: Awaited<ReturnType<MakerPorts['provenance']>>,
  ): RunSummary {
    const own = this.ports.ownDynamics?.of(config.arch)
    const environment: Environment = {
      engine: null,
      datasetHash: dataset.hash,
      ...provenance,
      ...(own && { dynamics: own }),
      ...(device && { device }),
    }
    const run: RunSummary = {
      ...FRESH_RUN,
      id,
      name: name?.trim() || `${config.preset} ${this.ports.runs.nextNumber()}`,
      preset: config.preset,
      dataset: config.dataset,
      status: 'queued',
      seed: config.seed,
      parameters: summary.parameters,
      createdAt: this.ports.clock.now(),
      totalSteps: config.steps,
      parentId,
      studyId: studyId ?? null,
      projectId,
    }
    this.ports.runs.insert({ summary: run, config, environment, weightsFile, pauseAt })
    const resources = place ?? (studyId === undefined ? null : this.ports.jobs.resourcesOfStudy(studyId))
    if (resources) this.ports.jobs.place(id, resources)
    return this.ports.control.require(id)
  }

  private projectOf({ projectId }: CreateRun): string | null {
    return projectId === undefined ? null : this.ports.projects.require(projectId).id
  }

  /**
   * Creates runs whose initial weights `adopt` puts into their folders. The folders are removed again when the weights do not fit or the runs
   * cannot be created.
   * @param change of the weights, by absolute path, before they are checked
   */
  private async startWithWeights(
    plans: Omit<Plan, 'weightsFile'>[],
    adopt: (id: string) => string,
    change: (path: string) => Promise<void> = async () => undefined,
  ): Promise<RunSummary[]> {
    const { files, weights } = this.ports
    try {
      const whole = plans.map((plan) => ({ ...plan, weightsFile: adopt(plan.id) }))
      for (const { id, weightsFile } of whole) await change(files.weightsPath(id, weightsFile))
      for (const { id, weightsFile, config } of whole) await weights.check(files.weightsPath(id, weightsFile), config)
      return await this.start(whole)
    } catch (error) {
      for (const { id } of plans) await files.removeRun(id)
      throw error
    }
  }

  /** Creates runs from a file of weights if one is given, and from random weights otherwise. */
  private startFrom(path: string | undefined, plans: Omit<Plan, 'weightsFile'>[]): Promise<RunSummary[]> {
    return path === undefined
      ? this.start(plans.map((plan) => ({ ...plan, weightsFile: null })))
      : this.startWithWeights(plans, (id) => this.ports.files.importWeights(path, id))
  }
}

function only<T>(list: T[]): T {
  const [first] = list
  if (first === undefined) throw new Error('a plan was made, but no run')
  return first
}

const placeOf = ({ place }: CreateRun): Resources | undefined => place && ResourcesSchema.parse(place)
