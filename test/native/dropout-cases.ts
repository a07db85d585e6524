import { describe, expect, test } from 'vitest'
import { RunConfigSchema, type RunConfig } from '../../src-main/contract/config.js'
import { dropOut } from '../../src-main/numeric/dropout.js'
import { infer } from '../../src-main/numeric/pass.js'
import { buildNetwork } from '../../src-main/numeric/network.js'
import { initialState } from '../../src-main/numeric/state.js'
import { storedTensors, weightsHash } from '../../src-main/training/checkpoint.js'
import { EagerExecutor, type Executor } from '../../src-main/training/executor.js'
import { cloneState } from '../../src-main/training/session-variables.js'
import { batchOf, disposeState, normalTensor, optionsOf, tf } from './support.js'

/** A small network with optional dropout. */
export const configOf = (overrides: Partial<RunConfig> & { arch: string; dropout?: number }): RunConfig =>
  RunConfigSchema.parse({
    preset: 'test',
    dataset: 'test',
    classes: 5,
    image: { height: 8, width: 8, channels: 3 },
    stages: [
      { channels: 6, units: 2 },
      { channels: 8, units: 1 },
    ],
    edgeNorm: 'none',
    mode: 'stored',
    batch: 4,
    ...optionsOf(overrides.arch),
    ...overrides,
  })
export const KEEP = { anchorEvery: 0, keptUnits: [] }
export const eager = (config: RunConfig): Executor => {
  const network = buildNetwork(config)
  return new EagerExecutor(network, config, initialState(network, config), KEEP)
}
const hashOf = (executor: Executor, config: RunConfig): string =>
  executor.read((state) => weightsHash(storedTensors(buildNetwork(config), state, config.optimizer)))
/** Weights after three steps. */
export function trained(executor: Executor, config: RunConfig): string {
  for (let step = 0; step < 3; step++) executor.train(batchOf(config), 0.05)
  const hash = hashOf(executor, config)
  executor.dispose()
  return hash
}

/** Tests of dropout on the open engine. */
export function describeDropout(): void {
  test('as many values are dropped as asked for, the mean stays, and the draw alone decides which', () => {
    tf.tidy(() => {
      const x = tf.ones([100, 200])
      const drop = (at: number, unit = 'stage1/unit1', seed = 1): number[] => [
        ...dropOut(x, 0.25, { seed, at: tf.scalar(at, 'int32') }, unit).dataSync(),
      ]
      const first = drop(1)
      const dropped = first.filter((value) => value === 0).length / first.length
      // Five standard errors of 20,000 draws.
      expect(Math.abs(dropped - 0.25)).toBeLessThan(5 * Math.sqrt((0.25 * 0.75) / 20_000))
      expect(new Set(first)).toEqual(new Set([0, Math.fround(1 / 0.75)]))
      expect(drop(1)).toEqual(first)
      for (const other of [drop(2), drop(1, 'stage1/unit2'), drop(1, 'stage1/unit1', 2)]) {
        // Independent of it: both drop a sixteenth.
        const both = other.filter((value, at) => value === 0 && first[at] === 0).length / first.length
        expect(Math.abs(both - 1 / 16)).toBeLessThan(0.01)
      }
    })
  })

  test('what was dropped has no gradient, and the rest that of its scale', () => {
    tf.tidy(() => {
      const draw = { seed: 1, at: tf.scalar(3, 'int32') }
      const x = normalTensor([4, 10], 'x')
      const gradient = tf.grad((each) => tf.sum(dropOut(each, 0.5, draw, 'unit')))(x)
      expect([...tf.mul(gradient, x).dataSync()]).toEqual([...dropOut(x, 0.5, draw, 'unit').dataSync()])
    })
  })

  describe.each(['spiking', 'vgg'])('a run of %s', (arch) => {
    const config = configOf({ arch, dropout: 0.3 })

    test('drops while it trains and never when it is looked at', () => {
      const plain = configOf({ arch })
      expect(trained(eager(config), config)).not.toBe(trained(eager(plain), plain))
      const state = initialState(buildNetwork(config), config)
      const x = normalTensor([2, 8, 8, 3], 'x')
      const [with_, without] = [config, plain].map((each) => [...infer(buildNetwork(each), state.params, state.statistics, x).dataSync()])
      expect(with_).toEqual(without)
      x.dispose()
      disposeState(state)
    })

    test.each([1, 2])('goes on after a step as if it had not stopped, in %i micro-batches', (accumulate) => {
      const parts = configOf({ arch, dropout: 0.3, accumulate })
      const network = buildNetwork(parts)
      const before = tf.memory().numTensors
      const whole = eager(parts)
      whole.train(batchOf(parts), 0.05)
      const state = whole.read(cloneState)
      const resumed = new EagerExecutor(network, parts, state, KEEP)
      for (const executor of [whole, resumed]) executor.train(batchOf(parts), 0.05)
      expect(hashOf(resumed, parts)).toBe(hashOf(whole, parts))
      whole.dispose()
      resumed.dispose()
      expect(tf.memory().numTensors).toBe(before)
    })
  })
}
