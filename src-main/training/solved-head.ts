import { tensor, tidy } from '@tensorflow/tfjs-core'
import type { RunConfig } from '../contract/config.js'
import { UserError } from '../contract/errors.js'
import type { Network } from '../numeric/network.js'
import { lastState } from '../numeric/pass.js'
import { solveHead } from '../numeric/solve-head.js'
import type { TrainingState } from '../numeric/state.js'
import { feeds, type Executor } from './executor.js'
import type { HostBatch, RunData } from './run-data.js'

const [KERNEL, BIAS] = ['head/dense/kernel', 'head/dense/bias']

/** @throws UserError if a run requests a solved last layer but does not support it */
export function checkSolvedHead({ headSolver, weightDecay }: RunConfig, { stepsPerEpoch }: Pick<RunData, 'stepsPerEpoch'>): void {
  if (headSolver !== 'newton') return
  if (stepsPerEpoch > 1)
    throw new UserError(
      'BAD_INPUT',
      `headSolver: newton solves for the last layer on all training images, and here a step sees one ${stepsPerEpoch}th of them. Set batch to the number of training images, or headSolver to gradient.`,
    )
  if (weightDecay === 0)
    throw new UserError(
      'BAD_INPUT',
      'headSolver: newton needs weightDecay above 0: without a penalty there is no best last layer where the classes can be separated.',
    )
}

/** The same executor, which also solves for the last layer before the first step and after every step if the run requests it. */
export function withSolvedHead(executor: Executor, network: Network, config: RunConfig): Executor {
  if (config.headSolver !== 'newton') return executor
  const solve = (batch: HostBatch): void => executor.change((state) => solveInto(state, network, config, batch))
  return {
    get step() {
      return executor.step
    },
    train(batch, learningRate) {
      if (executor.step === 0) solve(batch)
      const values = executor.train(batch, learningRate)
      solve(batch)
      return values
    },
    evaluate: (batch) => executor.evaluate(batch),
    moments: (batch) => executor.moments(batch),
    evaluateWith: (statistics) => executor.evaluateWith(statistics),
    reconstruct: (batch, anchorEvery) => executor.reconstruct(batch, anchorEvery),
    read: (use) => executor.read(use),
    change: (change) => executor.change(change),
    keep: (options) => executor.keep(options),
    dispose: () => executor.dispose(),
  }
}

function solveInto(state: TrainingState, network: Network, { weightDecay }: RunConfig, batch: HostBatch): void {
  const { params, statistics } = state
  const features = tidy(() => {
    const { images } = feeds.moments(network, batch)
    return lastState({ network, params, statistics, training: false, moved: new Map() }, images)
  })
  const [, width] = features.shape as [number, number]
  const { classes } = network.config
  const before = [KERNEL, BIAS].flatMap((name) => [...params[name]!.dataSync()])
  const problem = { features: features.dataSync(), labels: batch.labels.subarray(0, batch.count), width, classes, decay: weightDecay }
  const { weights } = solveHead(problem, Float64Array.from(before))
  const replace = (name: string, values: Float64Array, shape: number[]): void => {
    params[name]!.dispose()
    params[name] = tensor(Float32Array.from(values), shape)
  }
  replace(KERNEL, weights.subarray(0, width * classes), [width, classes])
  replace(BIAS, weights.subarray(width * classes), [classes])
  features.dispose()
}
