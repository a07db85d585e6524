import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { microBatch } from '../../src-main/contract/micro-batch.js'
import { RunConfigSchema, type RunConfig, type RunConfigInput } from '../../src-main/contract/config.js'
import { lossAndGradients } from '../../src-main/numeric/loss-and-gradients.js'
import { buildNetwork } from '../../src-main/numeric/network.js'
import { randomFor } from '../../src-main/numeric/random.js'
import { initialState } from '../../src-main/numeric/state.js'
import { readCheckpoint, storedTensors } from '../../src-main/training/checkpoint.js'
import { EagerExecutor, feeds } from '../../src-main/training/executor.js'
import type { HostBatch } from '../../src-main/training/run-data.js'
import { disposeState, tf } from './support.js'
import { engineReport, place, smallConfig, trainHere, type Trained } from './training.js'

const executions = engineReport.engine === 'native' ? (['compiled', 'eager'] as const) : (['eager'] as const)

/** Networks on vectors have no batch norm. */
const planeConfig = (changes: Partial<RunConfigInput>): RunConfig =>
  smallConfig({
    dataset: 'two-spirals',
    classes: 2,
    image: { height: 1, width: 1, channels: 2 },
    maps: 'dense',
    stages: [{ channels: 8, units: 4 }],
    activation: 'tanh',
    batch: 40,
    steps: 6,
    weightDecay: 1e-2,
    smoothness: 1e-2,
    ...changes,
  })

const SERIES = ['train/loss', 'train/total', 'train/gradientNorm', 'test/loss', 'train/learningRate']

async function weightsOf({ folder, checkpoints }: Trained): Promise<Map<string, ArrayLike<number>>> {
  const { file } = await readCheckpoint(join(folder, checkpoints.at(-1)!.file))
  return new Map([...file.tensors].map(([name, { data }]) => [name, data]))
}

describe.each(executions)('%s: without batch norm', (execution) => {
  test.each([
    ['momentum', {}],
    ['clipped', { clipNorm: 0.05, optimizer: 'nesterov' }],
    ['adamw, stored', { optimizer: 'adamw', learningRate: 0.01, mode: 'stored', labelSmoothing: 0.1 }],
    ['anchors by themselves, a budget', { anchorEvery: 'auto', memoryBudget: 4000, gradientTolerance: 1e-12 }],
  ] as [string, Partial<RunConfigInput>][])('micro-batches train as the whole batch does (%s)', async (_, more) => {
    const config = planeConfig({ execution, ...more })
    const whole = await trainHere(await place('two-spirals'), config)
    const parts = await trainHere(await place('two-spirals'), { ...config, accumulate: 4 })
    for (const key of SERIES) {
      const [a, b] = [whole.series(key), parts.series(key)]
      expect(b.map(({ step }) => step)).toEqual(a.map(({ step }) => step))
      expect(b.length, key).toBeGreaterThan(0)
      for (const [at, { value }] of a.entries()) expect(Math.abs(b[at]!.value / value - 1), `${key} ${at}`).toBeLessThan(1e-5)
    }
    const [left, right] = [await weightsOf(whole), await weightsOf(parts)]
    // A step is atomic: the sums of its micro-batches are not part of a checkpoint.
    expect([...right.keys()]).toEqual([...left.keys()])
    for (const [name, values] of left) {
      const scale = Math.max(...Array.from(values, Math.abs))
      const worst = Math.max(...Array.from(values, (value, at) => Math.abs(right.get(name)![at]! - value)))
      expect(worst / scale, name).toBeLessThan(1e-4)
    }
    expect(parts.ended.result!.weightsHash).not.toBe(whole.ended.result!.weightsHash)
  })
})

test('with batch norm they do not: each micro-batch is normalised by itself', async () => {
  const config = smallConfig({ steps: 2 })
  const whole = await trainHere(await place('noise'), config)
  const parts = await trainHere(await place('noise'), { ...config, accumulate: 4 })
  const [a, b] = [whole, parts].map((run) => run.series('train/loss')[0]!.value) as [number, number]
  expect(Math.abs(a / b - 1)).toBeGreaterThan(1e-3)
})

test('with batch norm the gradient is the mean over the micro-batches, and running statistics move once for each', () => {
  const config = RunConfigSchema.parse({ ...smallConfig({ unitNorm: 'batch', batch: 12, weightDecay: 0, smoothness: 0 }), accumulate: 3 })
  const network = buildNetwork(config)
  const random = randomFor(1, 'batch')
  const size = 8 * 8 * 3
  const batch: HostBatch = {
    images: Float32Array.from({ length: 12 * size }, () => random.normal()),
    labels: Int32Array.from({ length: 12 }, () => random.integer(0, 3)),
    count: 12,
  }
  const before = tf.memory().numTensors
  const state = initialState(network, config)
  const expected: number[][] = []
  const losses: number[] = []
  for (let part = 0; part < 3; part++) {
    const images = batch.images.subarray(part * 4 * size, (part + 1) * 4 * size)
    const inputs = feeds.accumulate(network, { images, labels: batch.labels.subarray(part * 4, part * 4 + 4), count: 4 }, part + 1)
    const result = lossAndGradients(
      { network, params: state.params, statistics: state.statistics },
      inputs,
      config as { mode: 'reversible' },
    )
    expected.push([...result.gradients['stem/kernel']!.dataSync()])
    losses.push(result.crossEntropy.dataSync()[0]!)
    for (const [name, moved] of Object.entries(result.statistics)) {
      state.statistics[name]!.dispose()
      state.statistics[name] = moved
    }
    tf.dispose([result.logits, result.crossEntropy, Object.values(result.gradients), Object.values(inputs)])
  }
  const executor = new EagerExecutor(network, config, initialState(network, config), { anchorEvery: 0, keptUnits: [] })
  const loss = executor.train(batch, 0.1)['train/loss']
  expect(loss).toBeCloseTo(losses.reduce((sum, each) => sum + each) / 3, 6)
  const after = executor.read((trained) => storedTensors(network, trained, config.optimizer))
  const velocity = [...(after.get('velocity/stem/kernel')!.data as Float32Array)]
  const scale = Math.max(...velocity.map(Math.abs))
  velocity.forEach((value, at) =>
    expect(Math.abs(value - (expected[0]![at]! + expected[1]![at]! + expected[2]![at]!) / 3)).toBeLessThan(1e-5 * scale),
  )
  for (const { name } of network.statistics)
    expect([...after.get(`stats/${name}`)!.data], name).toEqual([...state.statistics[name]!.dataSync()])
  executor.dispose()
  disposeState(state)
  expect(tf.memory().numTensors).toBe(before)
})

test('a batch that cannot be cut into equal micro-batches is refused by name', async () => {
  expect(() => microBatch({ batch: 100, accumulate: 3 })).toThrow(
    'accumulate must divide the batch size: 100 images cannot be split into 3',
  )
  // 80 images instead of the requested batch of 100.
  await expect(trainHere(await place('noise'), smallConfig({ batch: 100, accumulate: 50, steps: 1 }))).rejects.toThrow(
    'accumulate must divide the batch size: 80 images',
  )
})
