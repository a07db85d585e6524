import { backend, memory } from '@tensorflow/tfjs-core'
import { describe, expect, test } from 'vitest'
import { RunConfigSchema, type RunConfig, type RunConfigInput } from '../../src-main/contract/config.js'
import { capturableBackend } from '../../src-main/engine/capture/binding.js'
import { buildNetwork, modesOf, unitNormsOf } from '../../src-main/numeric/network.js'
import { allDynamics } from '../../src-main/numeric/registry.js'
import { initialState } from '../../src-main/numeric/state.js'
import { storedTensors } from '../../src-main/training/checkpoint.js'
import { CompiledExecutor } from '../../src-main/training/compiled-executor.js'
import { EagerExecutor, microBatches, type Executor } from '../../src-main/training/executor.js'
import { trackPeakBytes } from '../../src-main/training/tools/bench-step.js'
import { batchOf, engineReport, optionsOf } from './support.js'

const KEEP = { anchorEvery: 0, keptUnits: [] }
const executions = engineReport.engine === 'native' ? (['compiled', 'eager'] as const) : (['eager'] as const)

const configOf = (changes: Partial<RunConfigInput>): RunConfig =>
  RunConfigSchema.parse({
    preset: 'test',
    dataset: 'test',
    arch: 'hamiltonian',
    classes: 5,
    image: { height: 8, width: 8, channels: 3 },
    stages: [
      { channels: 8, units: 2 },
      { channels: 12, units: 2 },
    ],
    batch: 8,
    ...optionsOf(changes.arch ?? 'hamiltonian'),
    ...changes,
  })

function open(config: RunConfig): Executor {
  const network = buildNetwork(config)
  const state = initialState(network, config)
  if (config.execution === 'eager') return new EagerExecutor(network, config, state, KEEP)
  return new CompiledExecutor(capturableBackend(backend())!, network, config, state, { ...KEEP, fused: false, passes: ['train'] })
}

type Values = ReadonlyMap<string, Float32Array>

const valuesOf = (executor: Executor, config: RunConfig): Values =>
  executor.read((state) => {
    const stored = storedTensors(buildNetwork(config), state, config.optimizer)
    return new Map([...stored].map(([name, { data }]) => [name, Float32Array.from(data)]))
  })

/** Largest difference between the tensors of one kind, relative to their largest entry. */
function difference(a: Values, b: Values, kind: string): number {
  const names = [...b.keys()].filter((name) => name.startsWith(kind))
  expect(names.length).toBeGreaterThan(0)
  let [worst, scale] = [0, 0]
  for (const name of names)
    b.get(name)!.forEach((value, at) => {
      scale = Math.max(scale, Math.abs(value))
      worst = Math.max(worst, Math.abs(a.get(name)![at]! - value))
    })
  return worst / scale
}

/** Combines each value of two sets of tensors with a function, by name. */
const combined = (a: Values, b: Values, of: (a: number, b: number, name: string) => number): Values =>
  new Map([...a].map(([name, values]) => [name, values.map((value, at) => of(value, b.get(name)![at]!, name))]))

const cases = allDynamics().flatMap((dynamics) =>
  modesOf(dynamics).flatMap((mode) => unitNormsOf(dynamics).map((unitNorm) => [dynamics.id, mode, unitNorm] as const)),
)

describe.each(executions)('accumulated gradients, %s', (execution) => {
  test.each(cases)(
    '%s, %s, norm %s: they are the mean of those of the micro-batches, each by its own statistics',
    (arch, mode, unitNorm) => {
      // tanh has no kink that rounding could cross.
      const config = configOf({ execution, arch, mode, unitNorm, activation: 'tanh', accumulate: 2 })
      const executor = open(config)
      const loss = executor.train(batchOf(config), 0.05)['train/loss']
      const together = valuesOf(executor, config)
      executor.dispose()

      const alone = microBatches(buildNetwork(config), batchOf(config), config).map((part) => {
        const single = open({ ...config, batch: part.count, accumulate: 1, execution: 'eager' })
        const loss = single.train(part, 0.05)['train/loss']!
        const values = valuesOf(single, config)
        single.dispose()
        return { loss, values }
      })
      const [first, second] = alone as [(typeof alone)[0], (typeof alone)[0]]
      expect(loss).toBeCloseTo((first.loss + second.loss) / 2, 6)
      // The first velocity of momentum SGD is the gradient, with the penalties once.
      expect(
        difference(
          together,
          combined(first.values, second.values, (a, b) => (a + b) / 2),
          'velocity/',
        ),
      ).toBeLessThan(1e-5)
      // Alone, the statistics of the second start where those of the first did; after the first, they start where the first left them.
      const start = (name: string): number => (name.endsWith('/variance') ? 1 : 0)
      const moved = combined(first.values, second.values, (a, b, name) => b + 0.9 * (a - start(name)))
      expect(difference(together, moved, 'stats/')).toBeLessThan(1e-5)
    },
  )

  test('nothing of a step is left in the next one, and no tensor', () => {
    const config = configOf({ execution, accumulate: 4, momentum: 0 })
    const executor = open(config)
    // With a learning rate of 0 the weights do not change, so that every step has the same gradient.
    executor.train(batchOf(config), 0)
    const [first, tensors] = [valuesOf(executor, config), memory().numTensors]
    executor.train(batchOf(config), 0)
    expect(memory().numTensors).toBe(tensors)
    expect(difference(valuesOf(executor, config), first, 'velocity/')).toBe(0)
    executor.dispose()
  })
})

test('a step takes the memory of a micro-batch', () => {
  const peak = (batch: number, accumulate: number): number => {
    const config = configOf({ execution: 'eager', image: { height: 32, width: 32, channels: 3 }, batch, accumulate })
    const executor = open(config)
    const step = (): void => void executor.train(batchOf(config), 0.01)
    step()
    const tracked = trackPeakBytes()
    step()
    const bytes = tracked.stop()
    executor.dispose()
    return bytes
  }
  const [whole, part, parts] = [peak(32, 1), peak(8, 1), peak(32, 4)]
  expect(parts / part).toBeLessThan(1.2)
  expect(whole / parts).toBeGreaterThan(2.5)
})
