import { expect, test } from 'vitest'
import { lrFinder, suggest } from '../../../src-main/lab/diagnostics/lr-finder.js'
import { distributions } from '../../../src-main/lab/diagnostics/distributions.js'
import { memoryDepth } from '../../../src-main/lab/diagnostics/memory-depth.js'
import { robustness } from '../../../src-main/lab/diagnostics/robustness.js'
import { weightsDepth } from '../../../src-main/lab/diagnostics/weights-depth.js'
import { activationBytes } from '../../../src-main/numeric/describe.js'
import { buildNetwork } from '../../../src-main/numeric/network.js'
import { trainStep } from '../../../src-main/numeric/train-step.js'
import { tf } from '../support.js'
import { cells, close, column, run, said, setParameters, subjectOf } from './support.js'

const stages = [
  { channels: 8, units: 3 },
  { channels: 8, units: 2 },
]

test('memory over depth is the estimate that forms show, flat where states are rebuilt and growing where they are stored', async () => {
  const subject = subjectOf({ arch: 'hamiltonian', stages, batch: 16 })
  const result = await run(memoryDepth, subject, { mostFactor: 8 })
  expect(column(result, 'depth', 'units')).toEqual([5, 10, 20, 40])
  expect(column(result, 'depth', 'reversible')[0]).toBe(activationBytes(subject.network, 16).reversible)
  expect(new Set(column(result, 'depth', 'reversible')).size).toBe(1)
  const stored = column(result, 'depth', 'stored')
  // Linear in the units.
  expect(stored[3]! - stored[2]!).toBeCloseTo(2 * (stored[2]! - stored[1]!), 3)
  const fits = said(result, 'fits')
  const at = (factor: number): number =>
    activationBytes(
      buildNetwork({ ...subject.config, stages: stages.map(({ channels, units }) => ({ channels, units: Math.round(units * factor) })) }),
      16,
    ).stored
  const memory = 4 * 2 ** 30
  const whole = Math.ceil(fits / 5)
  expect(at(whole)).toBeGreaterThan(memory)
  expect(at(whole - 1)).toBeLessThanOrEqual(memory * 1.001)
  expect(cells(result, 'depth', 'revnet')[0]).toBeTypeOf('number')
  expect(cells(result, 'depth', 'secondsStored')[0]).toBeNull()
  close(subject)
})

test('architectures that do not take vectors are left out', async () => {
  const subject = subjectOf({
    arch: 'midpoint',
    maps: 'dense',
    image: { height: 1, width: 1, channels: 2 },
    stages: [{ channels: 4, units: 2 }],
  })
  const result = await run(memoryDepth, subject)
  expect(cells(result, 'depth', 'resnet')[0]).toBeNull()
  expect(result.figures[0]).toMatchObject({ y: ['reversible', 'stored'] })
  close(subject)
})

test('norms and changes of weights are those of their numbers', async () => {
  const subject = subjectOf({
    arch: 'midpoint',
    maps: 'dense',
    image: { height: 1, width: 1, channels: 2 },
    stages: [{ channels: 2, units: 2 }],
    smoothness: 0.1,
    weightDecay: 0.5,
    h: 0.2,
  })
  setParameters(subject, {
    'stage1/unit1/kernel': [
      [3, 0],
      [0, 4],
    ],
    'stage1/unit2/kernel': [
      [3, 0],
      [0, 7],
    ],
    'head/dense/kernel': new Array(10).fill(0),
  })
  const result = await run(weightsDepth, subject)
  const kernels = cells(result, 'weights', 'role').flatMap((role, at) => (role === 'kernel' ? [at] : []))
  expect(kernels.map((at) => column(result, 'weights', 'norm')[at])).toEqual([5, Math.sqrt(58)])
  expect(column(result, 'weights', 'change')[kernels[0]!]).toBe(3)
  expect(column(result, 'weights', 'relative')[kernels[0]!]).toBeCloseTo(0.6, 12)
  expect(said(result, 'penalty')).toBeCloseTo(0.05 * 9, 6)
  expect(said(result, 'decay')).toBeCloseTo(0.25 * (25 + 58), 5)
  close(subject)
})

test('kernels are shown as images: from one input channel to each output channel, row by row', async () => {
  const subject = subjectOf({ arch: 'hamiltonian', stages })
  const { strips, kernel } = {
    strips: await run(weightsDepth, subject, { kernelChannel: 2 }),
    kernel: subject.state.params['stage1/unit2/kernel1']!,
  }
  const figure = strips.figures.find(({ kind }) => kind === 'strip')
  if (figure?.kind !== 'strip') throw new Error('there are no images')
  expect(figure.rows.map(({ label }) => label)).toEqual([1, 2, 3].flatMap((unit) => [`Unit ${unit}, kernel1`, `Unit ${unit}, kernel2`]))
  const [height, width, , outputs] = kernel.shape as [number, number, number, number]
  const values = (await kernel.array()) as number[][][][]
  const { images } = figure.rows[2]!
  expect(images).toHaveLength(outputs)
  expect(images[3]).toMatchObject({ label: 'output 4', height, width, values: values.flat().map((inputs) => inputs[1]![3]) })
  expect((await run(weightsDepth, subject, { kernelStage: 0 })).figures.some(({ kind }) => kind === 'strip')).toBe(false)
  close(subject)
})

test('distributions count every value of a unit once, and mean and deviation are those of its values', async () => {
  const subject = subjectOf({ arch: 'midpoint', stages })
  const result = await run(distributions, subject, { bins: 9, images: 8 })
  for (const kind of ['weights', 'gradients', 'activations']) {
    const shares = column(result, kind, 'share')
    expect(shares).toHaveLength(5 * 9)
    for (let unit = 0; unit < 5; unit++)
      expect(shares.slice(9 * unit, 9 * unit + 9).reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 12)
    // Bins are symmetric about zero.
    const bins = column(result, kind, 'value').slice(0, 9)
    expect(bins[4]).toBe(0)
    expect(bins[0]).toBe(-bins[8]!)
  }
  const own = subject.network.parameters
    .filter(({ name }) => name.startsWith('stage1/unit2/'))
    .flatMap(({ name }) => [...subject.state.params[name]!.dataSync()])
  const mean = own.reduce((sum, value) => sum + value, 0) / own.length
  expect(column(result, 'weightsSummary', 'mean')[1]).toBeCloseTo(mean, 10)
  expect(column(result, 'weightsSummary', 'deviation')[1]).toBeCloseTo(
    Math.sqrt(own.reduce((sum, value) => sum + (value - mean) ** 2, 0) / own.length),
    10,
  )
  await expect(run(distributions, subject, { weights: false, gradients: false, activations: false })).rejects.toThrow('Choose weights')
  close(subject)
})

/** Trained for a few steps, so that there is something to lose. */
function trained() {
  const subject = subjectOf({ arch: 'hamiltonian', stages: [{ channels: 8, units: 2 }], learningRate: 0.1, batch: 40 })
  const { network, state, config, data } = subject
  const sample = data.sample(40)
  const batch = { images: tf.tensor(sample.images, [40, 8, 8, 3]), labels: tf.tensor(sample.labels, [40], 'int32') }
  const inputs = { learningRate: tf.scalar(0.1), update: tf.scalar(1) }
  for (let step = 0; step < 25; step++) tf.dispose(Object.values(trainStep(network, state, batch, { ...config, anchorEvery: 0 }, inputs)))
  tf.dispose([...Object.values(batch), ...Object.values(inputs)])
  return subject
}

test('accuracy falls with the strength of every perturbation', async () => {
  const subject = trained()
  const result = await run(robustness, subject, { heldOutImages: 40 })
  expect(said(result, 'clean')).toBeGreaterThan(0.9)
  const kinds = cells(result, 'accuracy', 'perturbation')
  const accuracy = column(result, 'accuracy', 'accuracy')
  for (const kind of ['noise', 'occlusion', 'gradient sign']) {
    const own = kinds.flatMap((each, at) => (each === kind ? [accuracy[at]!] : []))
    expect(own[0]).toBe(said(result, 'clean'))
    expect(own.at(-1)!).toBeLessThanOrEqual(own[0]!)
  }
  const last = (kind: string): number => accuracy[kinds.lastIndexOf(kind)]!
  expect(Math.min(last('noise'), last('gradient sign'))).toBeLessThan(said(result, 'clean'))
  const [low, high] = [column(result, 'accuracy', 'low'), column(result, 'accuracy', 'high')]
  accuracy.forEach((value, at) => {
    expect(low[at]).toBeLessThanOrEqual(value)
    expect(high[at]).toBeGreaterThanOrEqual(value)
  })
  // The same images are perturbed in the same way.
  expect(column(await run(robustness, subject, { heldOutImages: 40 }), 'accuracy', 'accuracy')).toEqual(accuracy)
  await expect(run(robustness, subject, { part: 'validation' })).rejects.toThrow(/no validation split/)
  close(subject)
})

test('the ramp of learning rates begins low, ends where the loss diverges, and suggests one in between', async () => {
  const subject = subjectOf({ arch: 'hamiltonian', stages: [{ channels: 8, units: 2 }], batch: 20 })
  const result = await run(lrFinder, subject, { rampSteps: 40, lowestRate: 1e-3, highestRate: 100 })
  const [rates, losses] = [column(result, 'ramp', 'rate'), column(result, 'ramp', 'loss')]
  expect(rates[0]).toBeCloseTo(1e-3, 12)
  rates.slice(1).forEach((rate, at) => expect(rate / rates[at]!).toBeCloseTo((100 / 1e-3) ** (1 / 39), 6))
  expect(losses[0]).toBeCloseTo(Math.log(5), 0)
  const suggested = said(result, 'suggested')
  expect(suggested).toBeGreaterThan(rates[0]!)
  expect(suggested).toBeLessThan(said(result, 'least'))
  expect(result.suggestion).toEqual({ key: 'learningRate', value: suggested })
  await expect(run(lrFinder, subject, { lowestRate: 1, highestRate: 0.5 })).rejects.toThrow(/below the highest/)
  close(subject)
})

test('a suggestion is where the loss falls fastest; of a loss that never falls there is none', () => {
  const rates = Array.from({ length: 60 }, (_, at) => 10 ** (-4 + at / 12))
  const falling = rates.map((rate) => (rate > 1 ? 2 + rate : 2 - 1 / (1 + (0.05 / rate) ** 2)))
  const { suggested, least } = suggest({ rates, losses: falling })
  expect(suggested).toBeGreaterThan(0.02)
  expect(suggested).toBeLessThan(0.4)
  expect(least).toBeLessThanOrEqual(2)
  expect(suggest({ rates, losses: rates.map((_, at) => at) })).toMatchObject({ suggested: null, least: null })
  expect(suggest({ rates: rates.slice(0, 2), losses: [2, 2] }).suggested).toBeNull()
})
