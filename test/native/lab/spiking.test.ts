import { expect, test } from 'vitest'
import type { NetworkConfig } from '../../../src-main/contract/config.js'
import { completeOptions } from '../../../src-main/lab/complete-options.js'
import { spiking } from '../../../src-main/lab/diagnostics/spiking.js'
import { trainStep } from '../../../src-main/numeric/train-step.js'
import { tf } from '../support.js'
import { cells, close, column, run, said, subjectOf, type Subject } from './support.js'

/** A residual network of vectors that tells five classes of images apart. */
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
  // L_k is the product of the thresholds and of what an input spike stands for.
  const [thresholds, scales] = [rows('soft', 'layers', 'threshold'), rows('soft', 'layers', 'scale')]
  thresholds.slice(1).forEach((threshold, at) => expect(scales[at + 1]).toBeCloseTo(threshold * scales[at]!, 6))
  // The same question has the same answer.
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
