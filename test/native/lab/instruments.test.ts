import { describe, expect, test } from 'vitest'
import { floatsFromBase64, toBase64 } from '../../../src-main/contract/base64.js'
import type { RunConfig } from '../../../src-main/contract/config.js'
import {
  FlowSettingSchema,
  InspectorSettingSchema,
  type FlowView,
  type InspectorView,
  type InstrumentSetting,
} from '../../../src-main/contract/instruments.js'
import { reversal } from '../../../src-main/lab/diagnostics/reversal.js'
import { lookAt } from '../../../src-main/lab/look.js'
import { infer } from '../../../src-main/numeric/pass.js'
import { release } from '../../../src-main/numeric/tensors.js'
import { storedWeights, weightsHash } from '../../../src-main/training/checkpoint.js'
import { tf } from '../support.js'
import { cells, close, column, run, subjectOf, type Subject } from './support.js'

/** Runs an instrument, and asserts that weights and number of tensors are unchanged. */
function look<View>({ network, config, state, data }: Subject, setting: InstrumentSetting): View {
  const before = [tf.memory().numTensors, weightsHash(storedWeights(network, state))]
  const machine = { speed: null, memoryBytes: 2 ** 33 }
  const context = { network, config, machine, params: state.params, statistics: state.statistics, population: null, step: state.step, data }
  try {
    return lookAt(context, setting) as View
  } finally {
    expect([tf.memory().numTensors, weightsHash(storedWeights(network, state))]).toEqual(before)
  }
}
const inspect = (subject: Subject, setting: object = {}): InspectorView =>
  look(subject, InspectorSettingSchema.parse({ instrument: 'inspector', ...setting }))
const flowOf = (subject: Subject, setting: object = {}): FlowView =>
  look(subject, FlowSettingSchema.parse({ instrument: 'flow', ...setting }))

const columnOf = ({ table }: InspectorView, key: string): number[] => column({ tables: [table] }, 'units', key)
const brokenOf = ({ summary }: InspectorView) => summary.find(({ key }) => key === 'broken')!.value

const furthest = (a: Float32Array, b: Float32Array): number => a.reduce((most, value, at) => Math.max(most, Math.abs(value - b[at]!)), 0)
const sizeOf = (a: Float32Array): number => furthest(a, new Float32Array(a.length))

const two = {
  stages: [
    { channels: 8, units: 3 },
    { channels: 8, units: 2 },
  ],
}
const points: Partial<RunConfig> & Pick<RunConfig, 'stages'> = {
  maps: 'dense',
  image: { height: 1, width: 1, channels: 2 },
  stages: [{ channels: 4, units: 6 }],
  classes: 3,
  activation: 'tanh',
  start: 'rest',
  h: 0.3,
}

describe('the reversal inspector', () => {
  test('measures what the diagnostic does, and shows the states themselves', async () => {
    const subject = subjectOf({ arch: 'hamiltonian', unitNorm: 'batch', ...two })
    const measured = await run(reversal, subject, { images: 8 })
    const view = inspect(subject)
    // Column by column, including their descriptions.
    expect(view.table).toEqual(measured.tables.find(({ key }) => key === 'units'))
    expect(view.summary).toEqual(measured.summary)
    expect(columnOf(view, 'stage').map((stage, at) => [stage, columnOf(view, 'unit')[at]])).toEqual([
      [1, 1],
      [1, 2],
      [1, 3],
      [2, 1],
      [2, 2],
    ])
    expect(view.maps.map(({ at, height, width }) => [at, height, width])).toEqual([
      [0, 8, 8],
      [1, 8, 8],
      [2, 8, 8],
      [3, 4, 4],
      [4, 4, 4],
    ])
    for (const { stored, rebuilt } of view.maps) {
      const [own, back] = [floatsFromBase64(stored), floatsFromBase64(rebuilt)]
      expect(furthest(own, back)).toBeLessThan(1e-4 * sizeOf(own))
    }
    expect(floatsFromBase64(view.input.values)).toEqual(subject.data.sample(1).images)
    close(subject)
  })

  test('its sliders break the reversal where they should, and another image has other states', () => {
    const subject = subjectOf({ arch: 'hamiltonian', ...two })
    const worst = (view: InspectorView): number => Math.max(...columnOf(view, 'stateError'))
    const plain = inspect(subject, { gradients: false })
    expect(cells({ tables: [plain.table] }, 'units', 'gradientError').every((cell) => cell === null)).toBe(true)
    expect(worst(inspect(subject, { gradients: false, mantissaBits: 7 }))).toBeGreaterThan(100 * worst(plain))
    const deep = inspect(subject, { gradients: false, repeat: 8, hFactor: 4 })
    expect(columnOf(deep, 'unit')).toHaveLength(40)
    expect(deep.maps.length).toBeLessThanOrEqual(24)
    expect(worst(deep)).toBeGreaterThan(10 * worst(plain))
    expect(deep.h).toBeCloseTo(4 * plain.h, 12)
    expect(brokenOf(plain)).toBeNull()
    const strict = inspect(subject, { gradients: false, tolerance: worst(plain) / 2 })
    const first = columnOf(strict, 'stateError').findLastIndex((error) => error > worst(plain) / 2)
    expect(first).toBeGreaterThanOrEqual(0)
    expect(brokenOf(strict)).toBe(`stage ${columnOf(strict, 'stage')[first]}, unit ${columnOf(strict, 'unit')[first]}`)
    const other = inspect(subject, { gradients: false, image: 3 })
    expect(floatsFromBase64(other.input.values)).toEqual(subject.data.sample(4).images.slice(3 * 192))
    expect(other.maps[0]!.stored).not.toBe(plain.maps[0]!.stored)
    expect(inspect(subject, { gradients: false, channel: 2 }).maps[0]!.stored).not.toBe(plain.maps[0]!.stored)
    close(subject)
  })

  test('takes an own image in the place of one of the data set, with the class that the network predicts for it', () => {
    const subject = subjectOf({ arch: 'hamiltonian', unitNorm: 'batch', ...two })
    const pixels = Uint8Array.from({ length: 192 }, (_, at) => (37 * at) % 256)
    const view = inspect(subject, { given: toBase64(pixels), statistics: 'running' })
    const values = Float32Array.from(pixels, (value) => value / 255)
    expect(floatsFromBase64(view.input.values)).toEqual(values)
    const x = tf.tensor(values, [1, 8, 8, 3])
    const logits = infer(subject.network, subject.state.params, subject.state.statistics, x)
    const classes = logits.argMax(-1)
    expect(view.input.label).toBe(classes.dataSync()[0])
    release([x, logits, classes])
    expect(view).toMatchObject({
      images: 8,
      notes: expect.arrayContaining([expect.stringContaining('Your image has no class')]) as unknown,
    })
    expect(columnOf(view, 'gradientError').every((error) => error < 1e-2)).toBe(true)
    const other = inspect(subject, { gradients: false, statistics: 'running' })
    expect(view.maps[0]!.stored).not.toBe(other.maps[0]!.stored)
    expect(() => inspect(subject, { given: toBase64(new Uint8Array(5)) })).toThrow(/not have the shape of those of made-up \(8x8x3\)/)
    close(subject)
  })

  test('shows the coordinates of vectors in a row, and refuses what cannot be reversed', () => {
    const dense = subjectOf({ arch: 'midpoint', ...points })
    expect(inspect(dense).maps.map(({ height, width }) => [height, width])).toEqual(Array(6).fill([1, 4]))
    close(dense)
    const resnet = subjectOf({ arch: 'resnet', mode: 'stored', ...two })
    expect(() => inspect(resnet)).toThrow(/ResNet is not reversible/)
    close(resnet)
  })
})

describe('the flow', () => {
  test.each(['hamiltonian', 'midpoint', 'leapfrog'])('follows points and a lattice of the plane forward and back: %s', (arch) => {
    const subject = subjectOf({ arch, ...points })
    const view = flowOf(subject, { points: 20, projection: 'coordinates' })
    const sample = subject.data.sample(20)
    expect(view.places).toHaveLength(7)
    expect(view.places.at(-1)).toEqual({ stage: 1, unit: 6, end: true })
    const [forward, backward] = [floatsFromBase64(view.forward), floatsFromBase64(view.backward!)]
    // The stem passes the two coordinates on unchanged.
    expect(forward.slice(0, 40)).toEqual(sample.images)
    expect(furthest(forward, backward)).toBeLessThan(1e-5 * sizeOf(forward))
    expect(furthest(forward.slice(-40), sample.images)).toBeGreaterThan(0.01)
    const lattice = floatsFromBase64(view.grid!.forward)
    expect(lattice).toHaveLength(7 * 41 ** 2 * 2)
    const [left, right, bottom, top] = view.grid!.extent
    expect([...lattice.slice(0, 2), ...lattice.slice(2 * 41 ** 2 - 2, 2 * 41 ** 2)].map(Math.fround)).toEqual(
      [left, bottom, right, top].map(Math.fround),
    )
    // Classes are those of inference, for the points and for the lattice.
    const x = tf.tensor(sample.images, [20, 1, 1, 2])
    const logits = infer(subject.network, subject.state.params, subject.state.statistics, x)
    const classes = logits.argMax(-1)
    expect(view.predicted).toEqual([...classes.dataSync()])
    release([x, logits, classes])
    expect(view.grid!.predicted).toHaveLength(41 ** 2)
    expect(view.labels).toEqual([...sample.labels])
    close(subject)
  })

  test('rounding the kept state moves the way back and not the way forward', () => {
    const subject = subjectOf({ arch: 'hamiltonian', ...points })
    const [exact, rounded] = [23, 7].map((mantissaBits) => flowOf(subject, { points: 10, mantissaBits }))
    expect(rounded!.forward).toBe(exact!.forward)
    expect(furthest(floatsFromBase64(rounded!.forward), floatsFromBase64(rounded!.backward!))).toBeGreaterThan(1e-4)
    close(subject)
  })

  test('images are seen in two principal components of their channels, and what is not reversible only goes forward', () => {
    const subject = subjectOf({ arch: 'resnet', mode: 'stored', ...two })
    const view = flowOf(subject, { points: 12 })
    expect(view.grid).toBeNull()
    expect(view.backward).toBeNull()
    expect(view.axes[0]).toMatch(/^Principal component 1 \(\d+% of the variance\)$/)
    expect(view.notes.join()).toContain('ResNet is not reversible')
    // Centred over all units.
    const forward = floatsFromBase64(view.forward)
    const mean = (which: number): number =>
      forward.reduce((sum, value, at) => sum + (at % 2 === which ? value : 0), 0) / (forward.length / 2)
    expect(Math.abs(mean(0)) + Math.abs(mean(1))).toBeLessThan(1e-5 * sizeOf(forward))
    close(subject)
  })

  test('batch norm is frozen: a point goes the same way whichever lattice goes with it', () => {
    const subject = subjectOf({ arch: 'hamiltonian', unitNorm: 'batch', ...two })
    const few = flowOf(subject, { points: 12, statistics: 'running' })
    const many = flowOf(subject, { points: 24, statistics: 'running', projection: 'coordinates' })
    const fewer = flowOf(subject, { points: 12, statistics: 'running', projection: 'coordinates' })
    expect(few.notes.join()).not.toContain('fixed mean and variance')
    expect(furthest(floatsFromBase64(many.forward).slice(0, 24), floatsFromBase64(fewer.forward).slice(0, 24))).toBeLessThan(1e-5)
    close(subject)
  })
})
