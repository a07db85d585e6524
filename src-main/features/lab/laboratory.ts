import { describeIssues } from '../../contract/config-issues.js'
import { UserError } from '../../contract/errors.js'
import type { InstrumentView, Look, LookRequest } from '../../contract/instruments.js'
import type { DiagnosticInfo, LabEntry, LabRequest, LabResult, LabSource, LabTarget, RunDiagnostic } from '../../contract/lab.js'
import type { FitImage, FitImageRequest, FittedImage, GivenImage, Predict, Prediction, PredictRequest } from '../../contract/predictions.js'
import type { CheckpointStore } from '../runs/checkpoint-store.js'
import type { Configurations } from '../runs/configurations.js'
import type { DatasetFiles } from '../datasets/dataset-files.js'
import type { Datasets } from '../datasets/datasets.js'
import type { Changes } from '../home/changes.js'
import type { RunControl } from '../runs/control/run-control.js'
import { findCheckpoint } from '../runs/find-checkpoint.js'
import { requireSameDynamics, type OwnDynamics } from '../runs/own-dynamics.js'
import type { RunFiles } from '../runs/run-files.js'
import type { RunStore } from '../runs/run-store.js'
import type { Awaitable, Clock } from '../shared/clock.js'
import { asTask } from '../shared/tasks.js'
import { entryOf, type LabStore } from './lab-store.js'

export interface LabWork extends Omit<LabRequest, 'speed'> {
  /** Number of runs and evaluations that are active meanwhile and share the machine. */
  beside: number
  onProgress(fraction: number | null, message: string): void
  /** Cancels the work; its reason is thrown. */
  signal: AbortSignal
}

/** How work of the lab shares the machine, reports its progress, and is cancelled. */
type Working = Pick<LabWork, 'beside' | 'onProgress' | 'signal'>

export interface PredictionWork extends Omit<PredictRequest, 'image' | 'name'>, Working {
  image: GivenImage
}

export interface FitWork extends Omit<FitImageRequest, 'image' | 'name'>, Pick<Working, 'beside' | 'signal'> {
  image: GivenImage
}

/** The available diagnostics, and how they are run. */
export interface Lab {
  diagnostics(): Awaitable<DiagnosticInfo[]>
  /**
   * Runs a diagnostic in a process of its own.
   * @throws UserError if it does not apply to this network, or an option is invalid
   */
  run(work: LabWork): Promise<LabResult>
  /**
   * Fits an image to the shape of a data set's images, in a process of its own.
   * @throws UserError if the image or data set cannot be used
   */
  fitImage(work: FitWork): Promise<FittedImage>
  /**
   * Classifies an image with the weights of a checkpoint, in a process of its own.
   * @throws UserError if the image, checkpoint or data set cannot be used
   */
  predict(work: PredictionWork): Promise<Prediction>
}

/** The backend of instruments, queried at every change of their settings. */
export interface Instruments {
  /**
   * @param request.beside number of runs and evaluations that are active meanwhile
   * @throws UserError if the instrument does not apply to this network
   */
  look(request: LookRequest & { beside: number }): Promise<InstrumentView>
  /** Uses a fresh process for the next request, because the dynamics have changed. */
  renew?(): void
  /** Ends the resident process. */
  close(): Promise<void>
}

interface LaboratoryPorts {
  changes: Changes
  clock: Clock
  control: RunControl
  datasets: Datasets
  configurations: Configurations
  runs: RunStore
  checkpoints: CheckpointStore
  files: RunFiles & DatasetFiles
  lab: Lab
  instruments: Instruments
  labResults: LabStore
  ownDynamics?: OwnDynamics | undefined
}

/** The network on which a diagnostic is run, and the checkpoint with which its result is stored. */
interface Subject {
  title: string
  source: LabSource
  /** Hashes of the weights, of a checkpoint and of the data set, because names and paths can come to refer to others. */
  content: string[]
  checkpoint: { runId: string; file: string; step: number } | null
}

/** Diagnostics and predictions, run one at a time in the order of their requests, as tasks that clients see and can cancel. */
export class Laboratory {
  private readonly going = new Map<string, AbortController>()
  private readonly closing = new AbortController()
  private last: Promise<unknown> = Promise.resolve()

  constructor(private readonly ports: LaboratoryPorts) {}

  cancel({ taskId }: { taskId: string }): void {
    const controller = this.going.get(taskId)
    if (!controller) throw new UserError('NOT_FOUND', 'This diagnostic is not running any more.')
    controller.abort()
  }

  /** Cancels running and queued work, and waits until it has ended. */
  async close(): Promise<void> {
    for (const controller of [this.closing, ...this.going.values()]) controller.abort()
    await Promise.all([this.last, this.ports.instruments.close()])
  }

  /** What an instrument shows of a network at one setting. */
  async look({ target, setting }: Look): Promise<InstrumentView> {
    const { source, content } = await this.subjectOf(target)
    return this.ports.instruments.look({ source, content, setting, beside: this.ports.control.working })
  }

  /**
   * Fits a user's own image to the input shape of a network, for its instruments. It does not wait for diagnostics, because it takes only a
   * second, and nothing is stored.
   */
  async fitImage({ target, image, fit }: FitImage): Promise<FittedImage> {
    const { source } = await this.subjectOf(target)
    const { signal } = this.closing
    return this.ports.lab.fitImage({ datasetFolder: source.datasetFolder, image, fit, beside: this.ports.control.working, signal })
  }

  /**
   * Runs a diagnostic, and stores its result with the run of the checkpoint; the result for a fresh network is only returned to the caller.
   */
  run({ target, diagnostic, options, taskId }: RunDiagnostic): Promise<{ result: LabResult; entry: LabEntry | null }> {
    return this.inTurn(taskId, async () => {
      const known = (await this.ports.lab.diagnostics()).find(({ id }) => id === diagnostic)
      if (!known) throw new UserError('NOT_FOUND', `There is no diagnostic ${diagnostic}: \`retrace lab\` lists them.`)
      const subject = await this.subjectOf(target)
      return {
        title: `${known.title} of ${subject.title}`,
        work: async (working) => {
          const result = await this.ports.lab.run({ diagnostic, source: subject.source, options, ...working })
          return { result, entry: this.keep(subject, result) }
        },
      }
    })
  }

  /** The prediction of a checkpoint for an image. Nothing is stored. */
  predict({ id, step, image, fit, taskId }: Predict): Promise<Prediction> {
    return this.inTurn(taskId, async () => {
      const { title, source } = await this.checkpointOf(id, step)
      const { checkpoint, datasetFolder, datasetHash } = source
      const request = { checkpoint, datasetFolder, datasetHash: datasetHash ?? null }
      return { title: `Prediction of ${title}`, work: (working) => this.ports.lab.predict({ ...request, image, fit, ...working }) }
    })
  }

  /** Prepares the work, and runs it as a task when it is its turn. */
  private async inTurn<T>(taskId: string, prepare: () => Promise<{ title: string; work(working: Working): Promise<T> }>): Promise<T> {
    if (this.going.has(taskId)) throw new UserError('CONFLICT', `The task ${taskId} is running already.`)
    const controller = new AbortController()
    const { signal } = controller
    // Registered from the start, so that it can be cancelled before the network has been found.
    this.going.set(taskId, controller)
    try {
      const { title, work } = await prepare()
      return await asTask(this.ports, { id: taskId, kind: 'lab', title, signal }, async (onProgress) => {
        const turn = this.last.then(() => {
          signal.throwIfAborted()
          return work({ beside: this.ports.control.working, onProgress, signal })
        })
        this.last = turn.catch(() => undefined)
        return await turn
      })
    } finally {
      this.going.delete(taskId)
    }
  }

  private keep({ checkpoint }: Subject, result: LabResult): LabEntry | null {
    if (!checkpoint) return null
    const { changes, clock, control, labResults } = this.ports
    // The run may have been removed or restarted meanwhile.
    findCheckpoint(this.ports, checkpoint.runId, { file: checkpoint.file })
    control.require(checkpoint.runId)
    return changes.commit((record) => {
      const entry = labResults.put({ ...checkpoint, at: clock.now(), ...entryOf(result) }, result)
      record({ kind: 'labResult', entry })
      return entry
    })
  }

  /** A checkpoint of a run, the last one by default, with the data that its weights were trained on. */
  private async checkpointOf(id: string, wanted: number | undefined) {
    const { control, datasets, files, runs } = this.ports
    const run = control.require(id)
    const { runId, file, step, weightsHash } = findCheckpoint(this.ports, id, { step: wanted })
    requireSameDynamics(this.ports, id)
    const dataset = await datasets.find(run.dataset)
    return {
      title: `${run.name} at step ${step}`,
      checkpoint: { runId, file, step },
      content: [weightsHash, dataset.hash],
      source: {
        kind: 'checkpoint' as const,
        checkpoint: files.checkpointPath(runId, file),
        datasetFolder: files.datasetFolder(dataset.name),
        datasetHash: runs.record(runId)?.environment.datasetHash ?? null,
      },
    }
  }

  private async subjectOf(target: LabTarget): Promise<Subject> {
    if (target.kind === 'run') return this.checkpointOf(target.id, target.step)
    const { configurations, datasets, files } = this.ports
    const { config, issues } = await configurations.preview(target.network)
    if (!config || issues.length > 0) throw new UserError('BAD_INPUT', `This network cannot be made. ${describeIssues(issues)}`)
    return {
      title: `a new ${config.preset} on ${config.dataset}`,
      checkpoint: null,
      content: [(await datasets.find(config.dataset)).hash],
      source: { kind: 'fresh', config, datasetFolder: files.datasetFolder(config.dataset) },
    }
  }
}
