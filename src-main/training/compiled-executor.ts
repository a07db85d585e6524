import { dispose, type Tensor } from '@tensorflow/tfjs-core'
import { rebuildsActivations, type RunConfig } from '../contract/config.js'
import { microBatch } from '../contract/micro-batch.js'
import type { CapturableBackend } from '../engine/capture/binding.js'
import { ProgramBuilder, type Program } from '../engine/capture/program.js'
import { accumulatedStep, accumulateGradients, sumTensors, zeroSums, type GradientSums } from '../numeric/accumulation.js'
import { evaluateBatch } from '../numeric/metrics.js'
import type { Network } from '../numeric/network.js'
import { batchMoments } from '../numeric/batch-moments.js'
import { reconstructionErrors } from '../numeric/reconstruction.js'
import { stepMeasures } from '../numeric/step-metrics.js'
import { stateTensors, type TrainingState } from '../numeric/state.js'
import type { Named } from '../numeric/tensors.js'
import { trainStep } from '../numeric/train-step.js'
import { collectGarbage } from './collect-garbage.js'
import {
  EVALUATION_BATCH,
  feeds,
  largest,
  measureReconstruction,
  microBatches,
  momentTensors,
  needPopulation,
  reestimates,
  reconstructionImages,
  takeAll,
  takeEvaluation,
  takeMoments,
  type BatchEvaluation,
  type Executor,
  type KeepOptions,
  type Moments,
  type StepValues,
} from './executor.js'
import type { HostBatch } from './run-data.js'
import { cloneState, cloneSums, isOfState, stacksOf, stateOf, statisticVariables, sumVariables, variablesOf } from './session-variables.js'

export interface CompileOptions extends KeepOptions {
  fused: boolean
  /** Called with a description of what is being prepared. */
  onPhase?(phase: string): void
  /** Passes to prepare, by default all. A benchmark of steps only needs one. */
  passes?: readonly Pass[]
}

export type Pass = 'train' | 'evaluate' | 'moments' | 'reconstruct'

/** Size of the graph of a program. */
export interface GraphSize {
  nodes: number
  bytes: number
}

/**
 * Every pass as one TensorFlow graph, captured from one eager run of the same functions; parameters, slots and running statistics stay in
 * TensorFlow's session, so that a step takes a batch and returns the step metrics.
 */
export class CompiledExecutor implements Executor {
  private readonly measures = stepMeasures()
  private program: Program
  private steps: number
  private population: Named | null = null
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

  train(batch: HostBatch, learningRate: number): StepValues {
    const { network, config, program } = this
    const run = (name: string, inputs: object): Named => {
      const results = program.run(name, { ...inputs } as Named)
      dispose(Object.values(inputs) as Tensor[])
      return results
    }
    if (config.accumulate > 1)
      for (const [at, part] of microBatches(network, batch, config).entries())
        dispose(run('accumulate', feeds.accumulate(network, part, this.steps * config.accumulate + at + 1)))
    const measured =
      config.accumulate > 1
        ? run('update', feeds.update(learningRate, this.steps + 1))
        : run('train', feeds.train(network, batch, learningRate, this.steps + 1))
    this.steps += 1
    return takeAll(measured)
  }

  evaluate(batch: HostBatch): BatchEvaluation {
    const statistics = reestimates(this.network, this.config) ? needPopulation(this.population) : {}
    const inputs = feeds.evaluate(this.network, batch)
    const outcome = this.program.run('evaluate', { ...inputs, ...statistics }) as ReturnType<typeof evaluateBatch>
    dispose(Object.values(inputs))
    return takeEvaluation(outcome, batch)
  }

  moments(batch: HostBatch): Moments[] {
    return microBatches(this.network, batch, this.config).map((part) => {
      const inputs = feeds.moments(this.network, part)
      const moments = this.program.run('moments', inputs)
      dispose(inputs.images)
      return takeMoments(this.network, moments)
    })
  }

  evaluateWith(statistics: Moments): void {
    dispose(this.population ?? [])
    this.population = momentTensors(this.network, statistics)
  }

  reconstruct(batch: HostBatch, anchorEvery: number): number[] {
    // Other anchors than the current ones are only tried a few times per run, so they are not compiled.
    if (anchorEvery !== this.options.anchorEvery)
      return this.read((state) => measureReconstruction(this.network, this.config, state, batch, anchorEvery))
    const inputs = feeds.reconstruct(this.network, batch, reconstructionImages(this.config))
    const errors = this.program.run('reconstruct', inputs)
    dispose(inputs.images)
    return largest(this.network.stages.map((_, stage) => errors[String(stage)]!))
  }

  read<T>(use: (state: TrainingState) => T): T {
    const state = stateOf(this.program.read(isOfState), this.steps)
    try {
      return use(state)
    } finally {
      disposeState(state)
    }
  }

  change(change: (state: TrainingState) => void): void {
    const state = stateOf(this.program.read(isOfState), this.steps)
    try {
      change(state)
      this.program.write(variablesOf(state))
      this.steps = state.step
    } finally {
      disposeState(state)
    }
  }

  /** Captures another graph over the same variables. */
  keep(options: KeepOptions): void {
    const state = stateOf(this.program.read(isOfState), this.steps)
    this.program.dispose()
    this.options = { ...this.options, ...options }
    this.program = this.compile(state)
  }

  dispose(): void {
    this.program.dispose()
    dispose(this.population ?? [])
  }

  private compile(state: TrainingState): Program {
    const { network, config, options } = this
    const { fused, anchorEvery, onPhase, passes = ['train', 'evaluate', 'moments', 'reconstruct'] } = options
    const builder = new ProgramBuilder(this.backend, fused)
    // Only steps with several micro-batches have sums.
    const sums = passes.includes('train') && config.accumulate > 1 ? zeroSums(network, this.measures) : null
    const variables = { ...variablesOf(state), ...(sums && sumVariables(sums)) }
    builder.declare(variables, stacksOf(network, variables))
    const needed = (names: RegExp): Named => Object.fromEntries(Object.entries(variables).filter(([name]) => names.test(name)))
    const weights = needed(/^(params|stats)\//)
    const parameters = needed(/^params\//)

    if (passes.includes('train')) {
      onPhase?.('capturing the training step')
      if (sums) this.captureAccumulated(builder, state, sums)
      else this.captureStep(builder, state)
    }
    if (passes.includes('evaluate')) {
      onPhase?.('capturing the evaluation')
      const inputs = feeds.evaluate(network, emptyBatch(network, EVALUATION_BATCH))
      // Re-estimated statistics are fed: they are used only by evaluations and are not part of the state.
      const fed = reestimates(network, config) ? state.statistics : {}
      const { fetch } = builder.capture('evaluate', { ...inputs, ...fed }, reestimates(network, config) ? parameters : weights, () => ({
        fetch: evaluateBatch(network, state.params, state.statistics, inputs),
      }))
      dispose([Object.values(fetch), Object.values(inputs)])
    }
    if (passes.includes('moments') && reestimates(network, config)) {
      onPhase?.('capturing batch norm statistics')
      const inputs = feeds.moments(network, emptyBatch(network, microBatch(config)))
      const { fetch } = builder.capture('moments', inputs, weights, () => ({
        fetch: batchMoments(network, state.params, state.statistics, inputs.images),
      }))
      dispose([Object.values(fetch), inputs.images])
    }
    if (passes.includes('reconstruct') && rebuildsActivations(config)) {
      onPhase?.('capturing the reconstruction check')
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
    // Frees the memory of the captured runs for the session.
    collectGarbage()
    const program = builder.load()
    program.write(variables)
    disposeState(state)
    dispose(sums ? sumTensors(sums) : [])
    collectGarbage()
    return program
  }

  /** The pass 'train': a whole step. */
  private captureStep(builder: ProgramBuilder, state: TrainingState): void {
    const { network, config, options, measures } = this
    const inputs = feeds.train(network, emptyBatch(network, config.batch), 0, 1)
    const scratch = cloneState(state)
    const { fetch } = builder.capture('train', { ...inputs }, variablesOf(state), () => {
      // The values of the variables are in TensorFlow's session by now.
      collectGarbage()
      const { measured, ...rest } = trainStep(network, scratch, inputs, { ...config, ...options }, inputs, measures)
      dispose(Object.values(rest))
      return { fetch: measured, assign: variablesOf(scratch) }
    })
    dispose([Object.values(fetch), Object.values(inputs)])
    disposeState(scratch)
  }

  /** The passes 'accumulate', run for each micro-batch of a step, and 'update', which completes the step. */
  private captureAccumulated(builder: ProgramBuilder, state: TrainingState, sums: GradientSums): void {
    const { network, options, measures } = this
    const config = { ...this.config, ...options }
    const variables = { ...variablesOf(state), ...sumVariables(sums) }
    const part = feeds.accumulate(network, emptyBatch(network, microBatch(config)), 1)
    const [added, moved] = [cloneSums(sums), cloneState(state)]
    builder.capture('accumulate', { ...part }, variables, () => {
      collectGarbage()
      accumulateGradients(network, moved, added, part, config, measures)
      return { fetch: { sum: added.crossEntropy }, assign: { ...sumVariables(added), ...statisticVariables(moved) } }
    })
    dispose([...sumTensors(added), ...Object.values(part)])
    disposeState(moved)

    const inputs = feeds.update(0, 1)
    const updated = cloneState(state)
    const { fetch, assign } = builder.capture('update', { ...inputs }, variables, () => {
      const { measured, ...rest } = accumulatedStep(network, updated, cloneSums(sums), config, inputs, measures)
      dispose(Object.values(rest))
      // The sums of the next step start at zero again.
      const assign: Named = { ...variablesOf({ ...updated, statistics: {} }), ...sumVariables(zeroSums(network, measures)) }
      return { fetch: measured, assign }
    })
    dispose([Object.values(fetch), Object.values(inputs), Object.values(assign)])
    dispose(Object.values(updated.statistics))
  }
}

const disposeState = (state: TrainingState): void => void dispose(stateTensors(state))

function emptyBatch({ config }: Network, count: number): HostBatch {
  const { height, width, channels } = config.image
  return { images: new Float32Array(count * height * width * channels), labels: new Int32Array(count), count }
}
