import { clone, dispose, type Tensor } from '@tensorflow/tfjs-core'
import type { RunConfig } from '../contract/config.js'
import type { CapturableBackend } from '../engine/capture/binding.js'
import { ProgramBuilder, type Program } from '../engine/capture/program.js'
import { evaluateBatch } from '../numeric/metrics.js'
import type { Network } from '../numeric/network.js'
import { reconstructionErrors } from '../numeric/reconstruction.js'
import { stateTensors, type TrainingState } from '../numeric/state.js'
import type { Named } from '../numeric/tensors.js'
import { trainStep } from '../numeric/train-step.js'
import { collectGarbage } from './collect-garbage.js'
import {
  EVALUATION_BATCH,
  feeds,
  largest,
  measureReconstruction,
  reconstructionImages,
  take,
  takeEvaluation,
  type BatchEvaluation,
  type Executor,
  type KeepOptions,
  type StepScalars,
} from './executor.js'
import type { HostBatch } from './run-data.js'

export interface CompileOptions extends KeepOptions {
  fused: boolean
  /** Told what is being prepared. */
  onPhase?(phase: string): void
  /** Which passes to prepare; by default all. A benchmark of steps needs no other. */
  passes?: readonly Pass[]
}

export type Pass = 'train' | 'evaluate' | 'reconstruct'

/** Size of the graph that a program was made of. */
export interface GraphSize {
  nodes: number
  bytes: number
}

/**
 * Every pass as one TensorFlow graph, captured from one eager run of the same functions; parameters, slots and running statistics stay in
 * TensorFlow's session, so that a step takes a batch and gives three numbers.
 */
export class CompiledExecutor implements Executor {
  private program: Program
  private steps: number
  graph: GraphSize = { nodes: 0, bytes: 0 }

  /** Takes the state: its tensors are freed. */
  constructor(
    private readonly backend: CapturableBackend,
    private readonly network: Network,
    private readonly config: RunConfig,
    state: TrainingState,
    private options: CompileOptions,
  ) {
    this.steps = state.step
    this.program = this.compile(state)
  }

  get step(): number {
    return this.steps
  }

  train(batch: HostBatch, learningRate: number): StepScalars {
    const inputs = feeds.train(this.network, batch, learningRate, this.steps + 1)
    const { loss, total, gradientNorm } = this.program.run('train', { ...inputs })
    dispose(Object.values(inputs))
    this.steps += 1
    return { loss: take(loss!), total: take(total!), gradientNorm: take(gradientNorm!) }
  }

  evaluate(batch: HostBatch): BatchEvaluation {
    const inputs = feeds.evaluate(this.network, batch)
    const outcome = this.program.run('evaluate', { ...inputs }) as ReturnType<typeof evaluateBatch>
    dispose(Object.values(inputs))
    return takeEvaluation(outcome, batch)
  }

  reconstruct(batch: HostBatch, anchorEvery: number): number[] {
    // Other anchors than those in force are only tried, a few times a run at most.
    if (anchorEvery !== this.options.anchorEvery)
      return this.read((state) => measureReconstruction(this.network, this.config, state, batch, anchorEvery))
    const inputs = feeds.reconstruct(this.network, batch, reconstructionImages(this.config))
    const errors = this.program.run('reconstruct', inputs)
    dispose(inputs.images)
    return largest(this.network.stages.map((_, stage) => errors[String(stage)]!))
  }

  read<T>(use: (state: TrainingState) => T): T {
    const state = this.toState(this.program.read())
    try {
      return use(state)
    } finally {
      disposeState(state)
    }
  }

  change(change: (state: TrainingState) => void): void {
    const state = this.toState(this.program.read())
    try {
      change(state)
      this.program.write(variablesOf(state))
      this.steps = state.step
    } finally {
      disposeState(state)
    }
  }

  /** Captures anew: another graph over the same variables. */
  keep(options: KeepOptions): void {
    const state = this.toState(this.program.read())
    this.program.dispose()
    this.options = { ...this.options, ...options }
    this.program = this.compile(state)
  }

  dispose(): void {
    this.program.dispose()
  }

  private compile(state: TrainingState): Program {
    const { network, config, options } = this
    const { fused, anchorEvery, onPhase, passes = ['train', 'evaluate', 'reconstruct'] } = options
    const builder = new ProgramBuilder(this.backend, fused)
    const variables = variablesOf(state)
    builder.declare(variables, stacksOf(network, state))
    const needed = (names: RegExp): Named => Object.fromEntries(Object.entries(variables).filter(([name]) => names.test(name)))
    const weights = needed(/^(params|stats)\//)

    if (passes.includes('train')) {
      onPhase?.('capturing the training step')
      const inputs = feeds.train(network, emptyBatch(network, config.batch), 0, 1)
      // The captured run replaces the tensors of its state; the values that count stay in `variables`.
      const scratch = this.toState(Object.fromEntries(Object.entries(variables).map(([name, value]) => [name, clone(value)])))
      const { fetch } = builder.capture('train', { ...inputs }, variables, () => {
        // The values of the variables, which TensorFlow holds by now.
        collectGarbage()
        const { crossEntropy, logits, ...scalars } = trainStep(network, scratch, inputs, { ...config, ...options }, inputs)
        logits.dispose()
        return { fetch: { loss: crossEntropy, ...scalars }, assign: variablesOf(scratch) }
      })
      dispose([Object.values(fetch), Object.values(inputs)])
      disposeState(scratch)
    }
    if (passes.includes('evaluate')) {
      onPhase?.('capturing the evaluation')
      const inputs = feeds.evaluate(network, emptyBatch(network, EVALUATION_BATCH))
      const { fetch } = builder.capture('evaluate', { ...inputs }, weights, () => ({
        fetch: evaluateBatch(network, state.params, state.statistics, inputs),
      }))
      dispose([Object.values(fetch), Object.values(inputs)])
    }
    if (passes.includes('reconstruct') && config.mode === 'reversible') {
      onPhase?.('capturing the reconstruction')
      const count = reconstructionImages(config)
      const inputs = feeds.reconstruct(network, emptyBatch(network, count), count)
      const { fetch } = builder.capture('reconstruct', inputs, weights, () => {
        const errors = reconstructionErrors(network, state.params, state.statistics, inputs.images, anchorEvery)
        return { fetch: Object.fromEntries(errors.map((stage, index): [string, Tensor] => [String(index), stage])) }
      })
      dispose(Object.values(fetch))
      dispose(inputs.images)
    }
    onPhase?.('loading the graph')
    this.graph = { nodes: builder.nodeCount, bytes: builder.bytes }
    // What the captured runs left is memory that the session can use.
    collectGarbage()
    const program = builder.load()
    program.write(variables)
    disposeState(state)
    collectGarbage()
    return program
  }

  private toState(values: Named): TrainingState {
    const state: TrainingState = { params: {}, statistics: {}, slots: {}, step: this.steps }
    for (const [name, value] of Object.entries(values)) {
      if (name.startsWith('params/')) state.params[name.slice('params/'.length)] = value
      else if (name.startsWith('stats/')) state.statistics[name.slice('stats/'.length)] = value
      else state.slots[name] = value
    }
    return state
  }
}

/** The names of checkpoints: params/*, stats/*, and each slot of the optimizer. */
function variablesOf({ params, statistics, slots }: TrainingState): Named {
  const named = (prefix: string, tensors: Named): [string, Tensor][] =>
    Object.entries(tensors).map(([name, value]) => [`${prefix}${name}`, value])
  return Object.fromEntries([...named('params/', params), ...named('stats/', statistics), ...named('', slots)])
}

/** Names of the variables that the session holds as one: a stage's parameters of one role, and their slots. */
function stacksOf({ groups }: Network, { slots }: TrainingState): string[][] {
  const shared = groups.map(({ names }) => names).filter((names) => names.length > 1)
  const prefixes = ['params', ...new Set(Object.keys(slots).map((slot) => slot.split('/')[0]!))]
  return prefixes.flatMap((prefix) => shared.map((names) => names.map((name) => `${prefix}/${name}`)))
}

const disposeState = (state: TrainingState): void => void dispose(stateTensors(state))

function emptyBatch({ config }: Network, count: number): HostBatch {
  const { height, width, channels } = config.image
  return { images: new Float32Array(count * height * width * channels), labels: new Int32Array(count), count }
}
