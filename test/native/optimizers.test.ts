import { describe, expect, test } from 'vitest'
import { RunConfigSchema, type RunConfigInput } from '../../src-main/contract/config.js'
import { buildNetwork } from '../../src-main/numeric/network.js'
import { findOptimizer, optimizerIds } from '../../src-main/numeric/optimizers.js'
import { initialState } from '../../src-main/numeric/state.js'
import { gradientsByName, objective, trainStep } from '../../src-main/numeric/train-step.js'
import { disposeState, normalTensor, tf } from './support.js'

/** Weights after two updates of one parameter with value 1, learning rate 0.1, momentum 0.9, and the gradients 1 and 2. */
const BY_HAND: Record<string, [number, number]> = {
  // v = 1; w = 1 - 0.1.   v = 0.9 + 2 = 2.9; w = 0.9 - 0.29.
  sgd: [0.9, 0.61],
  // v = 1; w = 1 - 0.1 (1 + 0.9).   v = 2.9; w = 0.81 - 0.1 (2 + 0.9 * 2.9).
  nesterov: [0.81, 0.349],
  // m^ = 1, v^ = 1; w = 1 - 0.1.   m = 0.09 + 0.2 = 0.29, m^ = 0.29 / 0.19; v = 0.000999 + 0.004, v^ = 0.004999 / 0.001999.
  adam: [0.9, 0.9 - (0.1 * (0.29 / 0.19)) / Math.sqrt(0.004999 / 0.001999)],
  // Without decay like Adam; with decay below.
  adamw: [0.9, 0.9 - (0.1 * (0.29 / 0.19)) / Math.sqrt(0.004999 / 0.001999)],
}

describe('optimizers', () => {
  test('all are known here', () => expect(optimizerIds()).toEqual(Object.keys(BY_HAND).sort()))

  test.each(Object.entries(BY_HAND))('%s makes the updates that follow by hand', (id, expected) => {
    const optimizer = findOptimizer(id)
    const learningRate = tf.scalar(0.1)
    let weight: tf.Tensor = tf.tensor1d([1])
    let slots: tf.Tensor[] = optimizer.slots.map(() => tf.zeros([1]))
    ;[1, 2].forEach((gradient, at) => {
      const next = optimizer.update(weight, tf.tensor1d([gradient]), slots, {
        learningRate,
        momentum: 0.9,
        weightDecay: 0,
        update: tf.scalar(at + 1),
      })
      weight = next.weight
      slots = next.slots
      expect(weight.dataSync()[0]).toBeCloseTo(expected[at]!, 5)
    })
  })
})

test('AdamW shrinks the weight by lr wd and adapts the gradient alone', () => {
  const { update, slots } = findOptimizer('adamw')
  const held = slots.map(() => tf.zeros([1]))
  const options = { learningRate: tf.scalar(0.1), momentum: 0.9, weightDecay: 0.5, update: tf.scalar(1) }
  // 2 (1 - 0.1 * 0.5) - 0.1: Adam's first update has the size of the learning rate, whatever the gradient.
  expect(update(tf.tensor1d([2]), tf.tensor1d([3]), held, options).weight.dataSync()[0]).toBeCloseTo(1.8, 5)
})

const configOf = (changes: Partial<RunConfigInput>) =>
  RunConfigSchema.parse({
    preset: 'test',
    dataset: 'test',
    arch: 'hamiltonian',
    classes: 3,
    image: { height: 8, width: 8, channels: 3 },
    stages: [{ channels: 4, units: 3 }],
    weightDecay: 0,
    smoothness: 0,
    ...changes,
  })

/** Loss with penalties, loss without, gradient norm, and parameters before and after one step on synthetic images. */
function oneStep(changes: Partial<RunConfigInput>) {
  const config = configOf(changes)
  const network = buildNetwork(config)
  const state = initialState(network, config)
  const batch = { images: normalTensor([6, 8, 8, 3], 'images'), labels: tf.tensor1d([0, 1, 2, 0, 1, 2], 'int32') }
  const values = () => Object.fromEntries(Object.entries(state.params).map(([name, tensor]) => [name, tensor.dataSync().slice()]))
  const before = values()
  const inputs = { learningRate: tf.scalar(config.learningRate), update: tf.scalar(1) }
  const result = trainStep(network, state, batch, { ...config, anchorEvery: 0 }, inputs)
  const [total, crossEntropy, gradientNorm] = [result.total, result.crossEntropy, result.gradientNorm].map(
    (tensor) => tensor.dataSync()[0]!,
  )
  const logits = result.logits.arraySync() as number[][]
  const after = values()
  tf.dispose([...Object.values(result), ...Object.values(inputs), batch.images, batch.labels])
  disposeState(state)
  return { network, total: total!, crossEntropy: crossEntropy!, gradientNorm: gradientNorm!, before, after, logits }
}

const squares = (values: Iterable<number>): number => [...values].reduce((sum, value) => sum + value ** 2, 0)

test('decoupled decay is no part of the objective, and shrinks kernels alone', () => {
  const [plain, decayed] = [oneStep({ optimizer: 'adamw' }), oneStep({ optimizer: 'adamw', weightDecay: 0.5 })]
  expect(decayed.total).toBe(plain.total)
  for (const [name, values] of Object.entries(decayed.after)) {
    const shrinks = /kernel\d?$/.test(name) ? 0.1 * 0.5 : 0
    values.forEach((value, at) => expect(value).toBeCloseTo(plain.after[name]![at]! - shrinks * plain.before[name]![at]!, 5))
  }
})

describe('penalties', () => {
  test('weight decay is half its factor times the squares of convolution and dense kernels, and of nothing else', () => {
    const { total, crossEntropy, before } = oneStep({ weightDecay: 0.01 })
    const kernels = Object.entries(before).filter(([name]) => /kernel\d?$/.test(name))
    expect(kernels).toHaveLength(2 + 3 * 2)
    expect(total - crossEntropy).toBeCloseTo(0.005 * kernels.reduce((sum, [, values]) => sum + squares(values), 0), 5)
  })

  test.each([
    ['authors', 0.1, (h: number, sum: number) => (0.01 / 2) * sum * (h > 0 ? 1 : NaN)],
    ['authors', 0.5, (_: number, sum: number) => (0.01 / 2) * sum],
    ['paper', 0.1, (h: number, sum: number) => 0.01 * h * (sum / h ** 2)],
    ['paper', 0.5, (h: number, sum: number) => 0.01 * h * (sum / h ** 2)],
  ] as const)('smoothness in the form of the %s at h = %f', (smoothnessForm, h, penalty) => {
    const { total, crossEntropy, before } = oneStep({ smoothness: 0.01, smoothnessForm, h })
    const change = (kernel: string): number =>
      [1, 2].reduce((sum, unit) => {
        const [a, b] = [before[`stage1/unit${unit}/${kernel}`]!, before[`stage1/unit${unit + 1}/${kernel}`]!]
        return sum + squares(Array.from(a, (value, i) => b[i]! - value))
      }, 0)
    expect(total - crossEntropy).toBeCloseTo(penalty(h, change('kernel1') + change('kernel2')), 5)
  })

  test.each([
    ['paper', /kernel[12]$/, (sum: number, h: number) => 0.01 * h * (sum / h ** 2)],
    ['haber-ruthotto', /(kernel|bias)[12]$/, (sum: number, h: number) => ((0.01 * h) / 2) * (sum / h ** 2)],
  ] as const)('smoothness in the form %s couples %s of the units', (smoothnessForm, coupled, penalty) => {
    const config = configOf({ smoothness: 0.01, smoothnessForm, h: 0.25 })
    const network = buildNetwork(config)
    const params = Object.fromEntries(network.parameters.map(({ name, shape }) => [name, tf.variable(normalTensor(shape, name))]))
    const batch = { images: normalTensor([2, 8, 8, 3], 'images'), labels: tf.tensor1d([0, 1], 'int32') }
    const { total, crossEntropy } = objective(network, { ...initialState(network, config), params }, batch, { ...config, anchorEvery: 0 })
    const changes = network.parameters.flatMap(({ name }) => {
      const [, stage, unit, local] = /^(stage\d+)\/unit(\d+)\/(.*)$/.exec(name) ?? []
      const next = params[`${stage}/unit${Number(unit) + 1}/${local}`]
      return next && coupled.test(local!) ? [tf.sum(tf.square(tf.sub(next, params[name]!))).dataSync()[0]!] : []
    })
    const wanted = penalty(
      changes.reduce((a, b) => a + b),
      0.25,
    )
    expect((total.dataSync()[0]! - crossEntropy.dataSync()[0]!) / wanted).toBeCloseTo(1, 3)
  })

  test('their gradients are those of central differences', () => {
    const config = configOf({ weightDecay: 0.3, smoothness: 0.2, smoothnessForm: 'paper' })
    const network = buildNetwork(config)
    const state = initialState(network, config)
    const batch = { images: normalTensor([2, 8, 8, 3], 'images'), labels: tf.tensor1d([0, 1], 'int32') }
    const penaltyAt = (name: string, shift: tf.Tensor, epsilon: number): number =>
      tf.tidy(() => {
        const params = { ...state.params, [name]: tf.add(state.params[name]!, tf.mul(shift, epsilon)) }
        const { total, crossEntropy } = objective(network, { ...state, params }, batch, { ...config, anchorEvery: 0 })
        return total.dataSync()[0]! - crossEntropy.dataSync()[0]!
      })
    const gradient = (more: object) => gradientsByName(objective(network, state, batch, { ...config, anchorEvery: 0, ...more }).gradients)
    const [whole, bare] = [gradient({}), gradient({ weightDecay: 0, smoothness: 0 })]
    for (const name of ['stem/kernel', 'stage1/unit2/kernel1', 'head/dense/kernel']) {
      const shift = normalTensor(state.params[name]!.shape, name)
      const analytic = tf.sum(tf.mul(shift, tf.sub(whole[name]!, bare[name]!))).dataSync()[0]!
      const numeric = (penaltyAt(name, shift, 1e-2) - penaltyAt(name, shift, -1e-2)) / 2e-2
      expect(Math.abs(numeric / analytic - 1), name).toBeLessThan(5e-3)
    }
  })
})

test('clipping scales the gradient down to the norm, and leaves a smaller one as it is', () => {
  const free = oneStep({})
  const moved = ({ before, after }: typeof free): number =>
    Math.sqrt(
      Object.keys(before).reduce((sum, name) => sum + squares(Array.from(before[name]!, (value, i) => after[name]![i]! - value)), 0),
    )
  // The first update of momentum SGD is the gradient times the learning rate.
  expect(moved(free)).toBeCloseTo(0.1 * free.gradientNorm, 4)
  const clipped = oneStep({ clipNorm: free.gradientNorm / 4 })
  expect(clipped.gradientNorm).toBeCloseTo(free.gradientNorm, 5)
  expect(moved(clipped) / moved(free)).toBeCloseTo(0.25, 3)
  expect(oneStep({ clipNorm: 2 * free.gradientNorm }).after).toEqual(free.after)
})

test('label smoothing is cross-entropy against targets that are spread', () => {
  const { crossEntropy, logits } = oneStep({ labelSmoothing: 0.3 })
  const expected = logits.map((row, i) => {
    const log = Math.log(row.reduce((sum, value) => sum + Math.exp(value), 0))
    return -row.reduce((sum, value, label) => sum + ((label === i % 3 ? 0.7 : 0) + 0.1) * (value - log), 0)
  })
  expect(crossEntropy).toBeCloseTo(expected.reduce((a, b) => a + b) / 6, 5)
})

test('frozen stages stay at zero, and the rest trains', () => {
  const { before, after } = oneStep({ frozenStages: true })
  for (const [name, values] of Object.entries(after))
    if (name.startsWith('stage')) expect(squares(values), name).toBe(0)
    else if (name.endsWith('kernel')) expect(values, name).not.toEqual(before[name])
})

test('a fixed head keeps its random matrix, decayed or not, and its bias trains', () => {
  for (const optimizer of ['sgd', 'adamw'] as const) {
    const { before, after, total, crossEntropy } = oneStep({ fixedHead: true, weightDecay: 0.1, optimizer })
    expect(after['head/dense/kernel']).toEqual(before['head/dense/kernel'])
    expect(after['head/dense/bias']).not.toEqual(before['head/dense/bias'])
    const decayed = Object.entries(before).filter(([name]) => /kernel/.test(name) && name !== 'head/dense/kernel')
    const penalty = optimizer === 'adamw' ? 0 : 0.05 * decayed.reduce((sum, [, values]) => sum + squares(values), 0)
    expect(total - crossEntropy).toBeCloseTo(penalty, 4)
  }
})

test('small initial kernels have the deviation 1 / 9c, and the head keeps its own', () => {
  const deviation = (values: Float32Array): number => Math.sqrt(squares(values) / values.length)
  const network = (init: 'he' | 'small') => buildNetwork(configOf({ init, stages: [{ channels: 32, units: 1 }] }))
  const [he, small] = (['he', 'small'] as const).map((init) => initialState(network(init), configOf({})).params)
  for (const name of ['stem/kernel', 'stage1/unit1/kernel1']) {
    const channels = he![name]!.shape[3]!
    const values = small![name]!.dataSync<'float32'>()
    // The normal distribution is truncated at two deviations and not rescaled.
    expect(deviation(values) / deviation(he![name]!.dataSync<'float32'>())).toBeCloseTo(
      1 / (9 * channels) / Math.sqrt(2 / (9 * channels)),
      4,
    )
  }
  expect(small!['head/dense/kernel']!.dataSync()).toEqual(he!['head/dense/kernel']!.dataSync())
})
