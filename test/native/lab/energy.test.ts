import { expect, test } from 'vitest'
import fc from 'fast-check'
import { energy } from '../../../src-main/lab/diagnostics/energy.js'
import { antiderivatives } from '../../../src-main/lab/energy.js'
import { activations } from '../../../src-main/numeric/activations.js'
import { findDynamics } from '../../../src-main/numeric/registry.js'
import { valueAndVjp } from '../../../src-main/numeric/vjp.js'
import { tf } from '../support.js'
import { close, column, dataOf, run, said, setParameters, subjectOf } from './support.js'

test.each(Object.keys(activations) as (keyof typeof activations)[])('S of %s is 0 at 0 and has it as its derivative', (name) => {
  const s = antiderivatives[name]
  tf.tidy(() => {
    expect(Math.abs(s(tf.tensor([0])).dataSync()[0]!)).toBeLessThan(1e-6)
    const z = tf.linspace(-9, 9, 181)
    // Central differences in segments: float32 values of S at 9 are accurate to 5e-6.
    const step = 0.1
    const found = tf.div(tf.sub(s(tf.add(z, step)), s(tf.sub(z, step))), 2 * step).dataSync()
    const mean = tf
      .div(tf.addN([0, 1, 2, 3, 4].map((k) => tf.mul(activations[name](tf.add(z, ((k - 2) / 2) * step)), [7, 32, 12, 32, 7][k]!))), 90)
      .dataSync()
    const kink = (at: number): boolean => Math.abs(z.dataSync()[at]!) < 0.11
    found.forEach((value, at) => expect(Math.abs(value - mean[at]!)).toBeLessThan(kink(at) ? 0.02 : 2e-4))
  })
})

test('the derivative of the energy is the force', () => {
  fc.assert(
    fc.property(
      fc.float({ min: -5, max: 5, noNaN: true }),
      fc.constantFrom('tanh', 'sigmoid', 'softplus') as fc.Arbitrary<'tanh'>,
      (value, name) => {
        const [derivative, right] = tf.tidy(() => {
          const z = tf.tensor([value])
          // softplus itself handles the kernels that have no gradient of their own.
          const { gradients } = valueAndVjp(() => antiderivatives[name](z), [z])
          return [gradients[0]!.dataSync()[0]!, activations[name](z).dataSync()[0]!]
        }) as unknown as [number, number]
        expect(Math.abs(derivative - right)).toBeLessThan(1e-4 * (1 + Math.abs(right)))
      },
    ),
    { seed: 1, numRuns: 60 },
  )
})

const oscillator = (arch: string, h: number, more = {}) =>
  subjectOf({
    arch,
    maps: 'dense',
    image: { height: 1, width: 1, channels: 2 },
    stages: [{ channels: 2, units: 1 }],
    activation: 'identity',
    h,
    mode: findDynamics(arch)!.reversible ? 'reversible' : 'stored',
    ...more,
  })

test.each([
  ['hamiltonian', { 'stage1/unit1/kernel1': [[1.2]], 'stage1/unit1/kernel2': [[1.2]] }, {}],
  [
    'leapfrog',
    {
      'stage1/unit1/kernel': [
        [1.1, 0.3],
        [-0.2, 0.9],
      ],
    },
    {},
  ],
  [
    'midpoint',
    {
      'stage1/unit1/kernel': [
        [0, 1],
        [0, 0],
      ],
    },
    { start: 'rest' },
  ],
] as const)('a harmonic oscillator by %s keeps its energy up to O(h), however long', async (arch, params, more) => {
  const deviation = async (h: number, frozenSteps: number): Promise<number> => {
    const subject = { ...oscillator(arch, h, more), data: dataOf([[0.7, -0.4]]) }
    setParameters(subject, params)
    const result = await run(energy, subject, { frozenSteps })
    expect(column(result, 'frozen', 'deviation')[0]).toBe(0)
    close(subject)
    return said(result, 'largestDeviation')
  }
  const [short, long, fine] = [await deviation(0.1, 100), await deviation(0.1, 2000), await deviation(0.05, 200)]
  expect(short).toBeLessThan(0.3)
  expect(long).toBeLessThan(1.1 * short + 1e-4)
  // Half the step: half the oscillation, or a quarter of it.
  expect(fine / short).toBeLessThan(0.6)
})

test('the energy of a known state is what the formula says', async () => {
  const subject = { ...oscillator('hamiltonian', 0.1), data: dataOf([[3, 2]]) }
  setParameters(subject, { 'stage1/unit1/kernel1': [[2]], 'stage1/unit1/bias1': [1], 'stage1/unit1/kernel2': [[0.5]] })
  const result = await run(energy, subject)
  // Y = 3, Z = 2: (2 * 2 + 1)^2 / 2 + (0.5 * 3)^2 / 2.
  expect(column(result, 'units', 'energyBefore')[0]).toBeCloseTo(12.5 + 1.125, 6)
  close(subject)
})

test('it is refused where nothing is kept', async () => {
  const verlet = oscillator('verlet', 0.1)
  await expect(run(energy, verlet)).rejects.toThrow(/Verlet has no conserved energy/)
  close(verlet)
  const resnet = subjectOf({ arch: 'resnet', mode: 'stored', stages: [{ channels: 8, units: 2 }] })
  await expect(run(energy, resnet)).rejects.toThrow(/ResNet has no conserved energy/)
  close(resnet)
  const normed = subjectOf({ arch: 'hamiltonian', unitNorm: 'batch', stages: [{ channels: 8, units: 2 }] })
  await expect(run(energy, normed)).rejects.toThrow(/Batch norm scales the input/)
  close(normed)
})

test('the same unit of a network of images is followed in every stage', async () => {
  const subject = subjectOf({
    arch: 'leapfrog',
    activation: 'relu',
    stages: [
      { channels: 8, units: 3 },
      { channels: 8, units: 1 },
    ],
  })
  const result = await run(energy, subject, { frozenSteps: 5 })
  expect(column(result, 'units', 'energyBefore')).toHaveLength(4)
  expect([...new Set(column(result, 'frozen', 'stage'))]).toEqual([1, 2])
  expect([...new Set(column(result, 'frozen', 'unit'))]).toEqual([2, 1])
  close(subject)
})
