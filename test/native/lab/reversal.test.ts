import fc from 'fast-check'
import { expect, test } from 'vitest'
import { reversal } from '../../../src-main/lab/diagnostics/reversal.js'
import { roundMantissa, variantNetwork, variantTensors } from '../../../src-main/lab/variant.js'
import { openGradientComparison } from '../../../src-main/numeric/gradient-error.js'
import { reconstructionErrors } from '../../../src-main/numeric/reconstruction.js'
import { forward } from '../../../src-main/numeric/pass.js'
import { release } from '../../../src-main/numeric/tensors.js'
import { normalTensor, tf } from '../support.js'
import { cells, close, column, run, said, subjectOf } from './support.js'

const two = {
  stages: [
    { channels: 8, units: 3 },
    { channels: 8, units: 2 },
  ],
}

test('the errors of states and gradients are those that training measures', async () => {
  const subject = subjectOf({ arch: 'hamiltonian', ...two })
  const { network, state, data } = subject
  const result = await run(reversal, subject, { images: 4 })
  const sample = data.sample(4)
  const images = tf.tensor(sample.images, [4, 8, 8, 3])
  const batch = { images, labels: tf.tensor(sample.labels, [4], 'int32') }
  const errors = reconstructionErrors(network, state.params, state.statistics, images)
  expect(said(result, 'stateError')).toBeCloseTo(Math.max(...errors.flatMap((each) => [...each.dataSync()])), 12)
  // Two substeps per unit, from the last to the first.
  const byUnit = errors.flatMap((each) => {
    const found = [...each.dataSync()].reverse()
    return Array.from({ length: found.length / 2 }, (_, unit) => Math.max(found[2 * unit]!, found[2 * unit + 1]!))
  })
  expect(column(result, 'units', 'stateError')).toEqual(byUnit)
  const comparison = openGradientComparison(network, state, batch)
  expect(said(result, 'gradientError')).toBeCloseTo(comparison.measure({}).error, 12)
  comparison.dispose()
  release([...errors, ...Object.values(batch)])
  expect(column(result, 'units', 'depth')).toEqual([1, 2, 3, 4, 5])
  expect(cells(result, 'units', 'entry')).toEqual(['rebuilt', 'rebuilt', 'rebuilt', 'evaluated again', 'rebuilt'])
  expect(result.figures.map(({ kind }) => kind)).toEqual(['line', 'strip'])
  expect(column(result, 'parameters', 'gradientError')).toHaveLength(network.parameters.length)
  close(subject)
})

test('fewer bits of the kept state make a larger error, as large as their rounding or more', async () => {
  const subject = subjectOf({ arch: 'hamiltonian', ...two })
  const errors: number[] = []
  for (const mantissaBits of [23, 10, 7]) errors.push(said(await run(reversal, subject, { mantissaBits, images: 4 }), 'stateError'))
  const [full, half, brain] = errors as [number, number, number]
  expect(full).toBeLessThan(1e-5)
  expect(half).toBeGreaterThan(2 ** -13)
  expect(brain).toBeGreaterThan(4 * half)
  close(subject)
})

test('great h and depth break the reversal, and the unit is named where it does', async () => {
  const subject = subjectOf({ arch: 'hamiltonian', stages: [{ channels: 8, units: 4 }] })
  const sound = await run(reversal, subject, { images: 4, tolerance: 1e-3 })
  expect(sound.summary.find(({ key }) => key === 'broken')?.value).toBeNull()
  const broken = await run(reversal, subject, { images: 4, hFactor: 6, repeat: 10, gradients: false, stripStage: 0 })
  const units = column(broken, 'units', 'stateError')
  expect(units).toHaveLength(40)
  const last = units.findLastIndex((error) => !(error <= 1e-3))
  expect(last).toBeGreaterThanOrEqual(0)
  expect(broken.summary.find(({ key }) => key === 'broken')?.value).toBe(`stage 1, unit ${last + 1}`)
  close(subject)
})

test('an orthogonal map is undone to rounding', async () => {
  // Without forces, the units of a Hamiltonian network pass their state on unchanged.
  const subject = subjectOf({ arch: 'hamiltonian', ...two, frozenStages: true })
  const result = await run(reversal, subject, { images: 4, gradients: false })
  expect(said(result, 'stateError')).toBe(0)
  close(subject)
})

test('what a unit of its own has stays: unit 1 with norms, and units that widen', async () => {
  const normed = subjectOf({ arch: 'hamiltonian', unitNorm: 'batch', ...two })
  const result = await run(reversal, normed, { images: 8, repeat: 2, hFactor: 0.5 })
  expect(column(result, 'units', 'unit')).toEqual([1, 2, 3, 4, 5, 1, 2, 3, 4])
  expect(result.notes.some(({ text }) => /Unit 1 of stage 1 keeps its own form/.test(text))).toBe(true)
  close(normed)
  const widening = subjectOf({ arch: 'revnet', ...two })
  const kept = await run(reversal, widening, { images: 8, repeat: 2 })
  expect(cells(kept, 'units', 'entry')).toEqual([...Array<string>(6).fill('rebuilt'), 'kept', 'rebuilt', 'rebuilt'])
  expect(cells(kept, 'units', 'stateError')[6]).toBeNull()
  await expect(run(reversal, widening, { hFactor: 2 })).rejects.toThrow(/RevNet has no step size/)
  close(widening)
})

test('what cannot be reversed, or is too large, is refused with the reason', async () => {
  const resnet = subjectOf({ arch: 'resnet', mode: 'stored', ...two })
  await expect(run(reversal, resnet)).rejects.toThrow(/ResNet is not reversible/)
  close(resnet)
  const deep = subjectOf({ arch: 'hamiltonian', image: { height: 64, width: 64, channels: 3 }, stages: [{ channels: 64, units: 60 }] })
  await expect(run(reversal, deep, { repeat: 64, images: 256 })).rejects.toThrow(/would take .* GiB/)
  close(deep)
})

test('running statistics are labelled as such', async () => {
  const subject = subjectOf({ arch: 'hamiltonian', unitNorm: 'batch', ...two })
  const result = await run(reversal, subject, { statistics: 'running', gradients: false })
  expect(result.notes.some(({ text }) => /running statistics/.test(text))).toBe(true)
  close(subject)
})

test('repeating units goes through each several times in a row', () => {
  const subject = subjectOf({
    arch: 'midpoint',
    maps: 'dense',
    image: { height: 1, width: 1, channels: 4 },
    stages: [{ channels: 4, units: 2 }],
    activation: 'tanh',
  })
  const { network, state } = subject
  const variant = variantNetwork(subject, 1, 3)
  const names = variant.parameters.map(({ name }) => name)
  const params = variantTensors(network, 3, names, state.params)
  expect(variant.stages[0]!.units).toBe(6)
  for (const [unit, original] of [
    [1, 1],
    [3, 1],
    [4, 2],
    [6, 2],
  ] as const)
    expect(params[`stage1/unit${unit}/kernel`]!.dataSync()).toEqual(state.params[`stage1/unit${original}/kernel`]!.dataSync())
  const x = normalTensor([2, 1, 1, 4], 'x')
  const out = forward({ network: variant, params, statistics: {}, training: false, moved: new Map() }, x)
  expect(out.shape).toEqual([2, 5])
  release([x, out, ...Object.values(params)])
  close(subject)
})

test('rounding of the mantissa is to nearest, ties to even', () => {
  const round = (value: number, bits: number): number => roundMantissa(Float32Array.of(value), bits)[0]!
  expect(round(1 + 2 ** -8, 7)).toBe(1)
  expect(round(1 + 3 * 2 ** -8, 7)).toBe(1 + 2 ** -6)
  expect(round(1 + 2 ** -8 + 2 ** -20, 7)).toBe(1 + 2 ** -7)
  expect(round(-Infinity, 7)).toBe(-Infinity)
  fc.assert(
    fc.property(
      fc.float({ noNaN: true, noDefaultInfinity: true, min: -Math.fround(1e30), max: Math.fround(1e30) }),
      fc.constantFrom(7, 10, 23),
      (value, bits) => {
        const rounded = round(value, bits)
        if (Math.abs(value) > 1e-30) expect(Math.abs(rounded - value)).toBeLessThanOrEqual(Math.abs(value) * 2 ** -(bits + 1))
        expect(round(rounded, bits)).toBe(rounded)
      },
    ),
    { seed: 1 },
  )
})
