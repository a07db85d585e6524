import { argMax, cast, equal, mean, norm, stack } from '@tensorflow/tfjs-core'
import { afterAll, describe, expect, test } from 'vitest'
import { RunConfigSchema, type RunConfig } from '../../src-main/contract/config.js'
import { capturableBackend } from '../../src-main/engine/capture/binding.js'
import { buildNetwork } from '../../src-main/numeric/network.js'
import { initialState } from '../../src-main/numeric/state.js'
import { registerStepMeasure, stepMeasures } from '../../src-main/numeric/step-metrics.js'
import { storedTensors, weightsHash } from '../../src-main/training/checkpoint.js'
import { CompiledExecutor } from '../../src-main/training/compiled-executor.js'
import { EagerExecutor, microBatches, type Executor } from '../../src-main/training/executor.js'
import { batchOf, engineReport, tf } from './support.js'

const NONE = { anchorEvery: 0, keptUnits: [] }

const configOf = (overrides: Partial<RunConfig>): RunConfig =>
  RunConfigSchema.parse({
    preset: 'test',
    dataset: 'test',
    arch: 'hamiltonian',
    classes: 5,
    image: { height: 8, width: 8, channels: 3 },
    stages: [{ channels: 8, units: 2 }],
    batch: 6,
    ...overrides,
  })

function open(config: RunConfig, execution: 'eager' | 'compiled'): Executor {
  const network = buildNetwork(config)
  const state = initialState(network, config)
  if (execution === 'eager') return new EagerExecutor(network, config, state, NONE)
  return new CompiledExecutor(capturableBackend(tf.backend())!, network, config, state, { ...NONE, fused: false, passes: ['train'] })
}

/** The values of two steps, and the hash of the weights after them. */
function twoSteps(config: RunConfig, execution: 'eager' | 'compiled') {
  const executor = open(config, execution)
  const values = [0, 1].map(() => executor.train(batchOf(config), 0.05))
  const hash = executor.read((state) => weightsHash(storedTensors(buildNetwork(config), state, config.optimizer)))
  executor.dispose()
  return { values, hash }
}

const TRIALS = ['trial/accuracy', 'trial/kernelNorm']

describe.runIf(engineReport.engine === 'native')('a metric of the training step', () => {
  const tensors = tf.memory().numTensors
  afterAll(() => expect(tf.memory().numTensors).toBe(tensors))

  const cases = [1, 3].map((accumulate) => configOf({ accumulate, clipNorm: 0.1 }))
  const without = cases.map((config) => twoSteps(config, 'compiled'))

  test('is refused under a key that another has', () => {
    expect(() => registerStepMeasure(stepMeasures()[0]!)).toThrow(/two measures of train\//)
  })

  test('has the same value in an eager and a compiled step, whole or accumulated, and changes nothing else', () => {
    registerStepMeasure({ key: 'trial/accuracy', ofBatch: ({ logits, labels }) => mean(cast(equal(argMax(logits, 1), labels), 'float32')) })
    registerStepMeasure({ key: 'trial/kernelNorm', ofUpdate: ({ params }) => norm(stack([params['stage1/unit1/kernel1']!])) })
    cases.forEach((config, at) => {
      const eager = twoSteps(config, 'eager')
      expect(twoSteps(config, 'compiled')).toEqual(eager)
      expect(Object.keys(eager.values[0]!)).toEqual(expect.arrayContaining(TRIALS))
      expect(eager.values[0]!['trial/kernelNorm']).not.toBe(eager.values[1]!['trial/kernelNorm'])
      for (const values of eager.values) for (const key of TRIALS) delete (values as Record<string, number>)[key]
      expect(eager).toEqual(without[at])
    })
  })

  test('of a batch is the mean over the micro-batches', () => {
    // Without batch norm in the units, and with an unchanged stem, each micro-batch is normalised by its own statistics, as alone.
    const config = configOf({ accumulate: 3 })
    const parts = microBatches(buildNetwork(config), batchOf(config), config)
    const alone = parts.map((part) => {
      const executor = open({ ...config, batch: part.count, accumulate: 1 }, 'eager')
      const accuracy = executor.train(part, 0)['trial/accuracy']!
      executor.dispose()
      return accuracy
    })
    const executor = open(config, 'eager')
    const together = executor.train(batchOf(config), 0)['trial/accuracy']
    executor.dispose()
    expect(new Set(alone).size).toBeGreaterThan(1)
    expect(together).toBeCloseTo(alone.reduce((sum, each) => sum + each) / 3, 6)
  })
})
