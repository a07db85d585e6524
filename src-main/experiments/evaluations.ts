import type { Task } from '../contract/changes.js'
import { UserError } from '../contract/errors.js'
import { evaluationTask, summaryOf, type Evaluation } from '../contract/evaluations.js'
import type { Checkpoint } from '../contract/runs.js'
import type { CheckpointChoice, Services } from '../contract/services.js'
import type { Changes } from './changes.js'
import type { Datasets } from './datasets.js'
import { findCheckpoint } from './find-checkpoint.js'
import type { CheckpointStore, Clock, EvaluationStore, Evaluator, HomeFiles, Journal, RunStore, Weights } from './ports.js'
import type { RunControl } from './run-control.js'

interface EvaluationPorts {
  changes: Changes
  journal: Journal
  runs: RunStore
  checkpoints: CheckpointStore
  evaluations: EvaluationStore
  files: HomeFiles
  clock: Clock
  control: RunControl
  datasets: Datasets
  evaluator: Evaluator
  weights: Weights
}

/** Milliseconds between two reports of the progress. */
const PROGRESS_EVERY = 200

type Made = 'evaluate' | 'cancelEvaluation' | 'evaluations' | 'evaluation' | 'weightNorms' | 'readCheckpoint'

/** Keeps an evaluation, then tells of it. */
export function keepEvaluation({ changes, evaluations }: { changes: Changes; evaluations: EvaluationStore }, evaluation: Evaluation): void {
  changes.commit((record) => {
    evaluations.put(evaluation)
    record({ kind: 'evaluation', evaluation: summaryOf(evaluation) })
  })
}

/** What checkpoints are worth: evaluations of their weights, one at a time and as tasks that clients see and can cancel, and a look inside. */
export class Evaluations {
  readonly services: Pick<Services['runs'], Made>
  private readonly going = new Map<string, AbortController>()
  private last: Promise<unknown> = Promise.resolve()

  constructor(private readonly ports: EvaluationPorts) {
    const { control, evaluations, files, journal, weights } = ports
    this.services = {
      evaluate: (id, wanted) => this.evaluate(id, wanted),
      cancelEvaluation: async (id, file) => {
        const controller = this.going.get(evaluationTask(id, file))
        if (!controller)
          throw new UserError('NOT_FOUND', `The checkpoint ${file} of run ${id} is not being evaluated: that has ended already.`)
        controller.abort()
      },
      evaluations: async (id) => {
        control.require(id)
        return { evaluations: evaluations.list(id), seq: journal.last() }
      },
      evaluation: async (id, file) => {
        control.require(id)
        const found = evaluations.get(id, file)
        if (found) return found
        throw new UserError('NOT_FOUND', `The checkpoint ${file} of run ${id} was not evaluated yet: evaluate it first.`)
      },
      weightNorms: async (id, wanted) => {
        control.require(id)
        const { file, step } = findCheckpoint(ports, id, wanted)
        return { file, step, layers: await weights.norms(files.checkpointPath(id, file)) }
      },
      readCheckpoint: async (id, { file, from, count }) => {
        control.require(id)
        findCheckpoint(ports, id, { file })
        return { bytes: Buffer.from(await files.readCheckpoint(id, file, from, count)).toString('base64') }
      },
    }
  }

  /** Cancels what is being evaluated, and waits until it has ended. */
  async close(): Promise<void> {
    for (const controller of this.going.values()) controller.abort()
    await this.last
  }

  private async evaluate(id: string, wanted: CheckpointChoice): Promise<Evaluation> {
    const { control, runs } = this.ports
    const run = control.require(id)
    const checkpoint = findCheckpoint(this.ports, id, wanted)
    const taskId = evaluationTask(id, checkpoint.file)
    if (this.going.has(taskId))
      throw new UserError(
        'CONFLICT',
        `The checkpoint at step ${checkpoint.step} of run ${id} is being evaluated already: wait for its result.`,
      )
    const dataset = runs.record(id)?.config.dataset ?? run.dataset
    const controller = new AbortController()
    this.going.set(taskId, controller)
    const title = `Evaluating ${run.name} at step ${checkpoint.step}`
    const work = this.last.then(() =>
      this.task(taskId, title, controller.signal, (told) => this.run(checkpoint, dataset, controller.signal, told)),
    )
    this.last = work.then(
      () => undefined,
      () => undefined,
    )
    this.tell(taskId, title, { state: 'running', progress: null, message: 'waiting' })
    try {
      return await work
    } finally {
      this.going.delete(taskId)
    }
  }

  private async run(
    { runId, file, step }: Checkpoint,
    datasetName: string,
    signal: AbortSignal,
    onProgress: (progress: number | null, message: string) => void,
  ): Promise<Evaluation> {
    const { clock, control, datasets, evaluator, files } = this.ports
    const dataset = await datasets.find(datasetName)
    const figures = await evaluator.evaluate({
      checkpoint: files.checkpointPath(runId, file),
      datasetFolder: files.datasetFolder(dataset.name),
      beside: control.working,
      onProgress,
      signal,
    })
    signal.throwIfAborted()
    const evaluation: Evaluation = { runId, file, step, at: clock.now(), datasetHash: dataset.hash, ...figures }
    // It may have been removed, or begun anew, meanwhile.
    findCheckpoint(this.ports, runId, { file })
    control.require(runId)
    keepEvaluation(this.ports, evaluation)
    return evaluation
  }

  private tell(id: string, title: string, rest: Omit<Task, 'id' | 'kind' | 'title'>): void {
    this.ports.changes.commit((record) => record({ kind: 'task', task: { id, kind: 'evaluation', title, ...rest } }))
  }

  /** Does the work under a task with its progress and its end. */
  private async task<T>(
    id: string,
    title: string,
    signal: AbortSignal,
    work: (onProgress: (progress: number | null, message: string) => void) => Promise<T>,
  ): Promise<T> {
    const { clock } = this.ports
    let told = -Infinity
    try {
      signal.throwIfAborted()
      const result = await work((progress, message) => {
        if (clock.now() - told < PROGRESS_EVERY) return
        told = clock.now()
        this.tell(id, title, { state: 'running', progress, message })
      })
      this.tell(id, title, { state: 'done', progress: 1, message: '' })
      return result
    } catch (error) {
      const message = signal.aborted ? 'Cancelled.' : error instanceof Error ? error.message : String(error)
      this.tell(id, title, { state: signal.aborted ? 'cancelled' : 'failed', progress: null, message })
      throw signal.aborted ? new UserError('CONFLICT', 'The evaluation was cancelled.', { cause: error }) : error
    }
  }
}
