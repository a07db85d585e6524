import { UserError } from '../../contract/errors.js'
import { evaluationTask, type Evaluation, type TestFigures } from '../../contract/evaluations.js'
import type { Checkpoint } from '../../contract/runs.js'
import type { Changes } from '../home/changes.js'
import type { Datasets } from '../datasets/datasets.js'
import { findCheckpoint } from '../runs/find-checkpoint.js'
import { requireSameDynamics, type OwnDynamics } from '../runs/own-dynamics.js'
import type { CheckpointChoice } from '../runs/input.js'
import type { RunControl } from '../runs/control/run-control.js'
import type { DatasetFiles } from '../datasets/dataset-files.js'
import { keepEvaluation, type EvaluationStore } from './keep-evaluation.js'
import type { CheckpointStore } from '../runs/checkpoint-store.js'
import type { RunFiles } from '../runs/run-files.js'
import type { RunStore } from '../runs/run-store.js'
import type { Clock } from '../shared/clock.js'
import { asTask, type TaskProgress } from '../shared/tasks.js'

/** Evaluates the weights of a checkpoint on all test images in a separate process. */
export interface Evaluator {
  /** @throws UserError when the checkpoint or data set cannot be used, or when they do not fit together */
  evaluate(request: {
    /** Absolute paths. */
    checkpoint: string
    datasetFolder: string
    /** Content hash of the data set when the run was created; null if unknown. */
    datasetHash: string | null
    /** Number of active trainers that share the machine. */
    beside: number
    onProgress(progress: number | null, message: string): void
    signal: AbortSignal
  }): Promise<TestFigures>
}

interface EvaluationPorts {
  changes: Changes
  runs: RunStore
  checkpoints: CheckpointStore
  evaluations: EvaluationStore
  files: RunFiles & DatasetFiles
  clock: Clock
  control: RunControl
  datasets: Datasets
  evaluator: Evaluator
  ownDynamics?: OwnDynamics | undefined
}

/** Evaluates checkpoints, one at a time, as tasks that clients see and can cancel. */
export class Evaluations {
  private readonly going = new Map<string, AbortController>()
  private last: Promise<unknown> = Promise.resolve()

  constructor(private readonly ports: EvaluationPorts) {}

  cancel({ id, file }: { id: string; file: string }): void {
    const controller = this.going.get(evaluationTask(id, file))
    if (!controller)
      throw new UserError('NOT_FOUND', `The checkpoint ${file} of run ${id} is not being evaluated. The evaluation has already ended.`)
    controller.abort()
  }

  /** Cancels evaluations and waits until they have ended. */
  async close(): Promise<void> {
    for (const controller of this.going.values()) controller.abort()
    await this.last
  }

  /**
   * Evaluates the weights of a checkpoint on all test images in a separate process. Resolves when the result is stored; progress is published
   * as changes of the task `evaluationTask`. Evaluations run one at a time in the order of the requests.
   */
  async evaluate({ id, ...wanted }: CheckpointChoice & { id: string }): Promise<Evaluation> {
    const run = this.ports.control.require(id)
    const checkpoint = findCheckpoint(this.ports, id, wanted)
    requireSameDynamics(this.ports, id)
    const taskId = evaluationTask(id, checkpoint.file)
    if (this.going.has(taskId))
      throw new UserError(
        'CONFLICT',
        `The checkpoint at step ${checkpoint.step} of run ${id} is already being evaluated. Wait for the result.`,
      )
    const controller = new AbortController()
    this.going.set(taskId, controller)
    const title = `Evaluating ${run.name} at step ${checkpoint.step}`
    const task = { id: taskId, kind: 'evaluation', title } as const
    const { signal } = controller
    const work = this.last.then(() => asTask(this.ports, { ...task, signal }, (told) => this.run(checkpoint, run.dataset, signal, told)))
    this.last = work.then(
      () => undefined,
      () => undefined,
    )
    this.ports.changes.commit((record) => record({ kind: 'task', task: { ...task, state: 'running', progress: null, message: 'waiting' } }))
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
    onProgress: TaskProgress,
  ): Promise<Evaluation> {
    // It may have been cancelled while it waited.
    signal.throwIfAborted()
    const { clock, control, datasets, evaluator, files, runs } = this.ports
    const dataset = await datasets.find(datasetName)
    const figures = await evaluator.evaluate({
      checkpoint: files.checkpointPath(runId, file),
      datasetFolder: files.datasetFolder(dataset.name),
      datasetHash: runs.record(runId)?.environment.datasetHash ?? null,
      beside: control.working,
      onProgress,
      signal,
    })
    signal.throwIfAborted()
    const evaluation: Evaluation = { runId, file, step, at: clock.now(), datasetHash: dataset.hash, ...figures }
    // The run may have been removed or restarted in the meantime.
    findCheckpoint(this.ports, runId, { file })
    control.require(runId)
    keepEvaluation(this.ports, evaluation)
    return evaluation
  }
}
