import { afterAll, describe, expect, test } from 'vitest'
import { RunConfigSchema, type RunConfig } from '../../src-main/contract/config.js'
import { capturableBackend } from '../../src-main/engine/capture/binding.js'
import { keptBytesAUnit, planActivations } from '../../src-main/numeric/activation-budget.js'
import { buildNetwork, modesOf } from '../../src-main/numeric/network.js'
import { allDynamics, findDynamics, registerDynamics } from '../../src-main/numeric/registry.js'
import { initialState } from '../../src-main/numeric/state.js'
import { storedTensors, weightsHash } from '../../src-main/training/checkpoint.js'
import { CompiledExecutor } from '../../src-main/training/compiled-executor.js'
import { EagerExecutor, type Executor, type KeepOptions } from '../../src-main/training/executor.js'
import { sharedKernel } from './shared-kernel.js'
import { batchOf, engineReport, optionsOf, tf } from './support.js'
import { everyNth } from '../fixtures/slice.js'

registerDynamics(sharedKernel)

const NONE: KeepOptions = { anchorEvery: 0, keptUnits: [] }

function configOf(overrides: Partial<RunConfig> & Pick<RunConfig, 'arch'>): RunConfig {
  return RunConfigSchema.parse({
    preset: 'test',
    dataset: 'test',
    classes: 5,
    image: { height: 8, width: 8, channels: 3 },
    stages: [
      { channels: 8, units: 3 },
      { channels: 12, units: 2 },
    ],
    batch: 4,
    learningRate: 0.05,
    ...optionsOf(overrides.arch),
    ...overrides,
  })
}

function eager(config: RunConfig, keep = NONE): EagerExecutor {
  const network = buildNetwork(config)
  return new EagerExecutor(network, config, initialState(network, config), keep)
}

function compiled(
  config: RunConfig,
  { fused = false, keep = NONE, passes }: { fused?: boolean; keep?: KeepOptions; passes?: ('train' | 'moments')[] } = {},
) {
  const network = buildNetwork(config)
  const options = { ...keep, fused, ...(passes ? { passes } : {}) }
  return new CompiledExecutor(capturableBackend(tf.backend())!, network, config, initialState(network, config), options)
}

const tensorsOf = (executor: Executor, config: RunConfig) =>
  executor.read((state) => storedTensors(buildNetwork(config), state, config.optimizer))
const hashOf = (executor: Executor, config: RunConfig): string => weightsHash(tensorsOf(executor, config))

/**
 * Largest difference between two tensors with the same name, relative to the largest entry of the second.
 * @param floor entries smaller than this fraction of the overall largest one are measured relative to that: some gradients are zero by
 *   construction, such as that of a factor before a norm, and contain only rounding errors
 */
function largestDifference(a: Executor, b: Executor, config: RunConfig, group: string, floor = 0): number {
  const [left, right] = [tensorsOf(a, config), tensorsOf(b, config)]
  const sizes = [...right].filter(([name]) => name.startsWith(group)).flatMap(([, { data }]) => Array.from(data, Math.abs))
  const least = Math.max(1e-30, floor * sizes.reduce((most, size) => Math.max(most, size), 0))
  let worst = 0
  for (const [name, { data }] of right) {
    if (!name.startsWith(group)) continue
    const other = left.get(name)!.data
    const scale = Math.max(least, ...Array.from(data, Math.abs))
    worst = Math.max(worst, ...Array.from(data, (value, at) => Math.abs(other[at]! - value) / scale))
  }
  return worst
}

const all = allDynamics().flatMap((dynamics) => modesOf(dynamics).map((mode) => [dynamics.id, mode] as const))
const cases = everyNth(all, 2, import.meta.filename)

describe.runIf(engineReport.engine === 'native')('the compiled step', () => {
  const before = tf.memory().numTensors
  afterAll(() => expect(tf.memory().numTensors).toBe(before))

  test.each(cases)('%s, %s: unfused, it gives the bits of eager execution in training, evaluation and reconstruction', (arch, mode) => {
    const config = configOf({ arch, mode })
    const batch = batchOf(config)
    const [a, b] = [eager(config), compiled(config)]
    for (const rate of [0.05, 0.02, 0.1]) expect(b.train(batch, rate)).toEqual(a.train(batch, rate))
    expect(b.step).toBe(3)
    expect(hashOf(b, config)).toBe(hashOf(a, config))
    const moments = a.moments(batch)
    expect(b.moments(batch)).toEqual(moments)
    // Estimating statistics changes nothing.
    expect(hashOf(b, config)).toBe(hashOf(a, config))
    for (const executor of [a, b]) executor.evaluateWith(moments[0]!)
    expect(b.evaluate(batch)).toEqual(a.evaluate(batch))
    if (mode === 'reversible') expect(b.reconstruct(batch, 0)).toEqual(a.reconstruct(batch, 0))
    a.dispose()
    b.dispose()
  })

  test.each(cases)('%s, %s: unfused, micro-batches give the bits of eager execution', (arch, mode) => {
    const config = configOf({ arch, mode, accumulate: 2, optimizer: 'adamw', clipNorm: 0.1, weightDecay: 0.1 })
    const batch = batchOf(config)
    const [a, b] = [eager(config), compiled(config, { passes: ['train', 'moments'] })]
    for (const rate of [0.05, 0.02, 0.1]) expect(b.train(batch, rate)).toEqual(a.train(batch, rate))
    expect(hashOf(b, config)).toBe(hashOf(a, config))
    expect([...tensorsOf(b, config).keys()]).toEqual([...tensorsOf(a, config).keys()])
    const moments = a.moments(batch)
    expect(moments).toHaveLength(2)
    expect(b.moments(batch)).toEqual(moments)
    // Another graph starts with zero sums, and the state continues.
    for (const executor of [a, b]) executor.keep({ anchorEvery: mode === 'reversible' ? 1 : 0, keptUnits: [] })
    expect(b.train(batch, 0.05)).toEqual(a.train(batch, 0.05))
    expect(hashOf(b, config)).toBe(hashOf(a, config))
    a.dispose()
    b.dispose()
  })

  test.each(['hamiltonian', 'revnet'])('%s: evaluates with running statistics as eager execution does', (arch) => {
    const config = configOf({ arch, evaluationStatistics: 'running' })
    const batch = batchOf(config)
    const [a, b] = [eager(config), compiled(config)]
    for (const executor of [a, b]) executor.train(batch, 0.05)
    expect(b.evaluate(batch)).toEqual(a.evaluate(batch))
    a.dispose()
    b.dispose()
  })

  test.each([
    ['nesterov', { optimizer: 'nesterov' }],
    ['adam, clipped, smoothed labels', { optimizer: 'adam', clipNorm: 0.1, labelSmoothing: 0.1, learningRate: 0.001 }],
    ['adamw, decay decoupled', { optimizer: 'adamw', weightDecay: 0.1, learningRate: 0.001 }],
    ['anchors', { anchorEvery: 2, h: 0.5 }],
    ['normalised units', { unitNorm: 'batch' }],
    ['frozen stages', { frozenStages: true }],
    ['no batch norm at the edges, fixed head', { edgeNorm: 'none', fixedHead: true }],
    ['dense maps with a stem', { maps: 'dense', denseStem: true }],
    ['shortcuts with kernels', { arch: 'identity', mode: 'stored', edgeNorm: 'none', projection: true } as Partial<RunConfig>],
  ] as [string, Partial<RunConfig>][])('%s: the bits of eager execution', (_, more) => {
    const config = configOf({ arch: 'hamiltonian', ...more })
    const keep = { ...NONE, anchorEvery: Number(config.anchorEvery) }
    const [a, b] = [eager(config, keep), compiled(config, { keep })]
    for (let i = 0; i < 2; i++) expect(b.train(batchOf(config), 0.01)).toEqual(a.train(batchOf(config), 0.01))
    expect(hashOf(b, config)).toBe(hashOf(a, config))
    a.dispose()
    b.dispose()
  })

  // Smooth activations: if a ReLU is within rounding of zero, two exact orders of summation differ by a whole entry.
  test.each(
    cases
      .filter(([arch]) => !['resnet', 'revnet'].includes(arch))
      .flatMap(([arch, mode]) => [1, 2].map((accumulate) => [arch, mode, accumulate] as const)),
  )('%s, %s, %i: with fused kernels a step agrees', (arch, mode, accumulate) => {
    // Before a batch norm, the gradient of an identity unit's last bias is only rounding error.
    const edgeNorm = arch === 'identity' ? ('none' as const) : ('batch' as const)
    const config = configOf({ arch, mode, activation: 'tanh', edgeNorm, weightDecay: 0, smoothness: 0, batch: 4 * accumulate, accumulate })
    const [a, b] = [eager(config), compiled(config, { fused: true, passes: ['train'] })]
    a.train(batchOf(config), 0.05)
    b.train(batchOf(config), 0.05)
    // Each kernel agrees to 1e-6 (capture.test.ts); a whole step accumulates their rounding errors, like another order of the images would.
    // The gradient of midpoint's last bias nearly cancels before a batch norm, and rounding errors, which depend on the number of threads,
    // are up to 4e-4 of it; all others agree to 1e-5.
    expect(largestDifference(b, a, config, 'velocity/')).toBeLessThan(1e-3)
    a.dispose()
    b.dispose()
  })

  const normalised = cases.filter(([arch]) => findDynamics(arch)!.norms === 'optional')
  const activations = ['relu', 'tanh'] as const
  test.each(normalised.flatMap(([arch, mode]) => activations.map((activation) => [arch, mode, activation] as const)))(
    '%s, %s, normalised units, %s: with fused kernels a step agrees, and moves the running statistics',
    (arch, mode, activation) => {
      const config = configOf({ arch, mode, activation, unitNorm: 'batch', h: 0.3, weightDecay: 0, smoothness: 0 })
      const [a, b] = [eager(config), compiled(config, { fused: true, passes: ['train'] })]
      for (const executor of [a, b]) executor.train(batchOf(config), 0.05)
      for (const group of ['velocity/', 'stats/']) expect(largestDifference(b, a, config, group, 1e-3)).toBeLessThan(2e-4)
      a.dispose()
      b.dispose()
    },
  )

  test.each(
    allDynamics()
      .filter(({ reversible }) => reversible)
      .map(({ id }) => [id] as const),
  )('%s: kept activations give the same gradients', (arch) => {
    const config = configOf({ arch, weightDecay: 0, smoothness: 0 })
    const network = buildNetwork(config)
    const whole = eager({ ...config, mode: 'stored' })
    whole.train(batchOf(config), 0.05)
    const all = keptBytesAUnit(network, config.batch).reduce((sum, bytes, at) => sum + bytes * config.stages[at]!.units, 0)
    for (const share of [0.5, 1]) {
      const { keptUnits } = planActivations(network, config.batch, all * share)
      const [a, b] = [eager(config, { ...NONE, keptUnits }), compiled(config, { keep: { ...NONE, keptUnits } })]
      expect(b.train(batchOf(config), 0.05)).toEqual(a.train(batchOf(config), 0.05))
      expect(hashOf(b, config)).toBe(hashOf(a, config))
      expect(largestDifference(b, whole, config, 'velocity/')).toBeLessThan(1e-5)
      a.dispose()
      b.dispose()
    }
    whole.dispose()
  })

  test('the state can be read, changed and taken on by another executor; other anchors make a new graph over the same values', () => {
    const config = configOf({ arch: 'midpoint', anchorEvery: 'auto' })
    const batch = batchOf(config)
    const [a, b] = [eager(config), compiled(config)]
    a.train(batch, 0.05)
    b.train(batch, 0.05)
    b.keep({ anchorEvery: 1, keptUnits: [] })
    a.keep({ anchorEvery: 1, keptUnits: [] })
    for (const every of [0, 1]) expect(b.reconstruct(batch, every)).toEqual(a.reconstruct(batch, every))
    a.train(batch, 0.05)
    b.train(batch, 0.05)
    expect(hashOf(b, config)).toBe(hashOf(a, config))
    b.change((state) => {
      const name = 'head/dense/bias'
      state.params[name]!.dispose()
      state.params[name] = tf.zeros([5])
    })
    expect(
      tensorsOf(b, config)
        .get('params/head/dense/bias')!
        .data.every((value: number) => value === 0),
    ).toBe(true)
    a.dispose()
    b.dispose()
  })

  test('a graph grows linearly with the units, by less than 64 KiB each', () => {
    const sizes = [2, 4, 6].map((units) => {
      const config = configOf({ arch: 'hamiltonian', stages: [{ channels: 8, units }] })
      const executor = compiled(config, { passes: ['train'] })
      executor.dispose()
      return executor.graph.bytes
    })
    const steps = [sizes[1]! - sizes[0]!, sizes[2]! - sizes[1]!]
    expect(steps[0]! / 2).toBeLessThan(64 * 1024)
    expect(Math.abs(steps[1]! / steps[0]! - 1)).toBeLessThan(0.05)
  })

  test.each([
    ['none', 29],
    ['batch', 91],
  ] as const)('a Hamiltonian unit with the norm %s takes at most %i nodes of a fused step', (unitNorm, most) => {
    const [few, many] = [4, 8].map((units) => {
      const config = configOf({ arch: 'hamiltonian', unitNorm, stages: [{ channels: 8, units }] })
      const executor = compiled(config, { fused: true, passes: ['train'] })
      executor.dispose()
      return executor.graph.nodes
    })
    expect((many! - few!) / 4).toBeLessThanOrEqual(most)
  })
})
