import { readdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { RunConfigSchema, type RunConfig } from '../../src-main/contract/config.js'
import { buildNetwork, modesOf, type Network } from '../../src-main/numeric/network.js'
import { findDynamics } from '../../src-main/numeric/registry.js'
import { initialSlots, type TrainingState } from '../../src-main/numeric/state.js'
import { release, type Named } from '../../src-main/numeric/tensors.js'
import { gradientsByName, objective, trainStep } from '../../src-main/numeric/train-step.js'
import { readSafetensors, type SafetensorsFile } from '../../src-main/training/safetensors.js'
import { disposeState, tf } from './support.js'

// Recorded by test/reference/record_trajectory.py in PyTorch, float64, on real images.
const FOLDER = join(import.meta.dirname, '../fixtures/trajectory')
const RECORDED = [0, 5, 10, 15]
const BATCH = 8

/**
 * Relative effect of rounding alone on a loss: PyTorch's divergence is that of float64 with a single perturbation of the weights; float32
 * (2^-24) rounds in every layer of every step, about 2^5 of them between the images and the loss.
 */
const ROUNDING = 2 ** -19

const NumbersSchema = z.array(z.number()).length(20)

interface Recording {
  file: SafetensorsFile
  network: Network
  config: RunConfig
  totals: number[]
  divergence: number[]
}

let images: tf.Tensor4D
let labels: tf.Tensor1D
beforeAll(async () => {
  const { tensors } = await readSafetensors(join(FOLDER, 'images.safetensors'))
  const { data, shape } = tensors.get('x')!
  images = tf.tensor4d(data, shape as [number, number, number, number])
  labels = tf.tensor1d(tensors.get('labels')!.data, 'int32')
})

async function read(arch: string, mode: RunConfig['mode']): Promise<Recording> {
  const file = await readSafetensors(join(FOLDER, `${arch}.safetensors`))
  const config = RunConfigSchema.parse({
    ...(JSON.parse(file.metadata['config']!) as object),
    preset: 'recorded',
    dataset: 'recorded',
    image: { height: 28, width: 28, channels: 1 },
    mode,
  })
  const numbers = (key: string): number[] => NumbersSchema.parse(JSON.parse(file.metadata[key]!))
  return { file, network: buildNetwork(config), config, totals: numbers('totals'), divergence: numbers('divergence') }
}

function stateAt({ file, network }: Recording, step: number): TrainingState {
  const load = (group: string, names: string[], as = ''): Named =>
    Object.fromEntries(
      names.map((name) => {
        const { data, shape } = file.tensors.get(`step${step}/${group}/${name}`)!
        return [`${as}${name}`, tf.tensor(data, shape)]
      }),
    )
  const params = network.parameters.map(({ name }) => name)
  const slots = load('velocity', params, 'velocity/')
  expect(Object.keys(slots)).toEqual(Object.keys(tf.tidy(() => initialSlots(network, 'sgd'))))
  const statistics = load(
    'stats',
    network.statistics.map(({ name }) => name),
  )
  return { params: load('params', params), statistics, slots, step }
}

/** The batch of step k; the images are used cyclically. */
const batchOf = (step: number): { images: tf.Tensor; labels: tf.Tensor } => {
  const at = (step * BATCH) % labels.size
  return { images: images.slice([at, 0, 0, 0], [BATCH, -1, -1, -1]), labels: labels.slice(at, BATCH) }
}

/** |a - b| / |b|, Euclidean. */
function normError(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let [difference, size] = [0, 0]
  for (let i = 0; i < b.length; i++) {
    difference += (a[i]! - b[i]!) ** 2
    size += b[i]! ** 2
  }
  return Math.sqrt(difference / size)
}

// A dynamics that was not recorded needs no recording: its gradients are compared with the tape's (dynamics-contract.test.ts).
const recorded = readdirSync(FOLDER).flatMap((file) => findDynamics(basename(file, '.safetensors')) ?? [])
const cases = recorded.flatMap((dynamics) => modesOf(dynamics).map((mode) => [dynamics.id, mode] as const))

test('the architectures of the paper and its baselines were recorded', () =>
  expect(recorded.map(({ id }) => id)).toEqual(['hamiltonian', 'leapfrog', 'midpoint', 'resnet', 'revnet']))

describe.each(cases)('%s, %s', (arch, mode) => {
  test.each(RECORDED)('one step from PyTorch’s state at step %i agrees with PyTorch’s', async (step) => {
    const recording = await read(arch, mode)
    const { network, config, totals, file } = recording
    const state = stateAt(recording, step)
    const batch = batchOf(step)
    const result = objective(network, state, batch, { ...config, anchorEvery: 0 })
    const [total] = result.total.dataSync()
    expect(Math.abs(total! / totals[step]! - 1)).toBeLessThan(1e-5)
    const gradients = gradientsByName(result.gradients)
    for (const { name } of network.parameters)
      expect(normError(gradients[name]!.dataSync(), file.tensors.get(`step${step}/grad/${name}`)!.data), name).toBeLessThan(1e-3)
    release([result.logits, result.crossEntropy, result.total, result.gradientNorm, batch.images, batch.labels])
    release([...Object.values(gradients), ...Object.values(result.statistics)])
    disposeState(state)
  })

  test('running free for 20 steps, the loss stays as near to PyTorch’s as PyTorch to itself from disturbed weights', async () => {
    const recording = await read(arch, mode)
    const { network, config, totals, divergence } = recording
    const state = stateAt(recording, 0)
    const inputs = { learningRate: tf.scalar(config.learningRate), update: tf.scalar(1) }
    let allowed = 0
    const off: string[] = []
    for (let step = 0; step < totals.length; step++) {
      const batch = batchOf(step)
      const result = trainStep(network, state, batch, { ...config, anchorEvery: 0 }, inputs)
      // The largest so far, because two trajectories may cross by chance.
      allowed = Math.max(allowed, 3 * divergence[step]!)
      const error = Math.abs(result.total.dataSync()[0]! - totals[step]!)
      if (!(error <= allowed + ROUNDING * totals[step]!)) off.push(`step ${step}: ${error} > ${allowed}`)
      tf.dispose([...Object.values(result), batch.images, batch.labels])
    }
    expect(off).toEqual([])
    tf.dispose(Object.values(inputs))
    disposeState(state)
  })
})
