import { expect, test } from 'vitest'
import type { NetworkConfig } from '../../../src-main/contract/config.js'
import { floatsFromBase64, fromBase64 } from '../../../src-main/contract/base64.js'
import { SpikesSettingSchema, type SpikesView } from '../../../src-main/contract/instruments.js'
import { completeOptions } from '../../../src-main/lab/complete-options.js'
import { spiking } from '../../../src-main/lab/diagnostics/spiking.js'
import { lookAt } from '../../../src-main/lab/look.js'
import { trainStep } from '../../../src-main/numeric/train-step.js'
import { tf } from '../support.js'
import { cells, close, column, run, said, subjectOf, type Subject } from './support.js'

/** A residual network on vectors that distinguishes five classes. */
function trained(): Subject {
  const subject = subjectOf({
    arch: 'spiking',
    mode: 'stored',
    maps: 'dense',
    denseStem: true,
    image: { height: 4, width: 4, channels: 1 },
    stages: [{ channels: 24, units: 2 }],
  })
  const { network, state, config, data } = subject
  const sample = data.sample(40)
  const batch = { images: tf.tensor(sample.images, [40, 4, 4, 1]), labels: tf.tensor(sample.labels, [40], 'int32') }
  const inputs = { learningRate: tf.scalar(0.05), update: tf.scalar(1) }
  for (let step = 0; step < 40; step++) tf.dispose(Object.values(trainStep(network, state, batch, { ...config, anchorEvery: 0 }, inputs)))
  tf.dispose([...Object.values(batch), ...Object.values(inputs)])
  return subject
}

const OPTIONS = { timeSteps: 192, heldOutImages: 40, calibrationImages: 40, calibrationSteps: 40 }

test('with soft reset the spiking network reaches the analog one, layer by layer, and with hard reset its rates stay low', async () => {
  const subject = trained()
  const result = await run(spiking, subject, OPTIONS)
  expect(said(result, 'analogAccuracy')).toBeGreaterThan(0.9)
  expect(Math.abs(said(result, 'gap'))).toBeLessThan(0.05)
  const rows = (reset: string, table: string, key: string): number[] =>
    column(result, table, key).filter((_, at) => cells(result, table, 'reset')[at] === reset)
  const accuracy = rows('soft', 'accuracy', 'accuracy')
  expect(rows('soft', 'accuracy', 'steps')).toEqual([8, 16, 32, 64, 128, 192])
  expect(accuracy.at(-1)).toBeGreaterThan(accuracy[0]!)
  expect(rows('soft', 'layers', 'depth')).toEqual([1, 2, 3, 4, 5])
  for (const correlation of rows('soft', 'layers', 'correlation')) expect(correlation).toBeGreaterThan(0.98)
  const [soft, hard] = ['soft', 'hard'].map((reset) => rows(reset, 'rates', 'rateError')) as [number[], number[]]
  expect(soft.at(-1)).toBeLessThan(soft[3]! / 1.5)
  expect(hard.at(-1)).toBeGreaterThan(2 * soft.at(-1)!)
  // L_k is the product of the thresholds and the value of an input spike.
  const [thresholds, scales] = [rows('soft', 'layers', 'threshold'), rows('soft', 'layers', 'scale')]
  thresholds.slice(1).forEach((threshold, at) => expect(scales[at + 1]).toBeCloseTo(threshold * scales[at]!, 6))
  // The same request gives the same result.
  expect((await run(spiking, subject, OPTIONS)).tables).toEqual(result.tables)
  close(subject)
})

test('a constant current, thresholds that are equal, and one reset can be asked for', async () => {
  const subject = trained()
  const result = await run(spiking, subject, { ...OPTIONS, timeSteps: 20, reset: 'hard', junction: 'equal', coding: 'constant' })
  expect(new Set(cells(result, 'accuracy', 'reset'))).toEqual(new Set(['hard']))
  const thresholds = column(result, 'layers', 'threshold')
  expect(thresholds[1]).toBeCloseTo(thresholds[0]!, 6)
  expect(thresholds[3]).toBeCloseTo(thresholds[2]!, 6)
  close(subject)
})

test('the instrument shows the spikes of one image step by step, and answers the same again at once', () => {
  const subject = trained()
  const context = { ...subject, ...subject.state, population: null, step: 0, machine: { speed: null, memoryBytes: 2 ** 32 } }
  const look = (setting: object): SpikesView => {
    const before = tf.memory().numTensors
    const view = lookAt(context, SpikesSettingSchema.parse({ instrument: 'spikes', timeSteps: 80, ...setting }))
    expect(tf.memory().numTensors).toBe(before)
    return view as SpikesView
  }
  const view = look({ image: 3 })
  expect(view.layers.map(({ name, height, width }) => [name, height, width])).toEqual([
    ['input', 4, 4],
    ['stem/dense/kernel', 4, 6],
    ['stage1/unit1/conv1', 4, 6],
    ['stage1/unit1/conv2', 4, 6],
    ['stage1/unit2/conv1', 4, 6],
    ['stage1/unit2/conv2', 4, 6],
  ])
  const spikesOf = ({ spikes }: SpikesView['layers'][number]): Int8Array => new Int8Array(fromBase64(spikes).buffer)
  // The mean of the input spikes is the image, up to the sampling error: five standard errors.
  const image = subject.data.sample(4).images.subarray(48, 64)
  const most = subject.data.sample(32).images.reduce((max, value) => Math.max(max, Math.abs(value)), 0)
  image.forEach((value, pixel) => {
    let sum = 0
    for (let step = 0; step < 80; step++) sum += spikesOf(view.layers[0]!)[step * 16 + pixel]!
    expect(Math.abs(sum / 80 - Math.max(-1, Math.min(1, value / most)))).toBeLessThan(5 * Math.sqrt(0.25 / 80))
  })
  // Neurons spike or do not, the column says what fraction does, and later layers start later.
  const shares = view.table.columns.find(({ key }) => key === 'share')!.values
  view.layers.slice(1).forEach((layer, at) => {
    const spikes = spikesOf(layer)
    expect(spikes.every((spike) => spike === 0 || spike === 1)).toBe(true)
    const ofStep = spikes.subarray(79 * 24, 80 * 24).reduce((sum, spike) => sum + spike, 0)
    expect(shares[at * 80 + 79]).toBeCloseTo(ofStep / 24, 6)
  })
  const output = floatsFromBase64(view.output).subarray(79 * 5)
  expect(output.indexOf(Math.max(...output))).toBe(view.analog)
  expect(view.label).toBe(subject.data.sample(4).labels[3])
  expect({ ...look({ image: 3 }), seconds: 0 }).toEqual({ ...view, seconds: 0 })
  expect(look({ image: 4 }).output).not.toBe(view.output)
  close(subject)
})

test('what cannot be converted is refused with a sentence', () => {
  const vectors = {
    maps: 'dense',
    image: { height: 1, width: 1, channels: 2 },
    stages: [{ channels: 4, units: 1 }],
  } satisfies Partial<NetworkConfig>
  const refusal = (overrides: Parameters<typeof subjectOf>[0], options = {}): string | null => {
    const subject = subjectOf(overrides)
    const why = spiking.refuse({ ...subject, machine: { speed: null, memoryBytes: 2 ** 32 } }, completeOptions(spiking, options))
    close(subject)
    return why
  }
  expect(refusal({ arch: 'midpoint', ...vectors })).toMatch(/Midpoint networks cannot be converted/)
  expect(refusal({ arch: 'spiking', mode: 'stored', ...vectors }, { junction: 'unit' })).toMatch(/without a layer of neurons/)
  expect(refusal({ arch: 'spiking', mode: 'stored', ...vectors })).toBeNull()
  expect(refusal({ arch: 'spiking', mode: 'stored', ...vectors }, { part: 'validation' })).toMatch(/no validation split/)
})
