import fc from 'fast-check'
import { expect, test } from 'vitest'
import { sensitivity } from '../../../src-main/lab/diagnostics/sensitivity.js'
import { findDynamics } from '../../../src-main/numeric/registry.js'
import { infer } from '../../../src-main/numeric/pass.js'
import { tf } from '../support.js'
import { cells, close, column, dataOf, run, said, setParameters, subjectOf } from './support.js'

const vectors = (arch: string, width: number, units: number, more = {}) =>
  subjectOf({
    arch,
    maps: 'dense',
    image: { height: 1, width: 1, channels: width },
    classes: 3,
    stages: [{ channels: width, units }],
    activation: 'identity',
    mode: findDynamics(arch)!.reversible ? 'reversible' : 'stored',
    ...more,
  })

test('of an orthogonal map nothing grows, and every exponent is 0', async () => {
  const subject = { ...vectors('hamiltonian', 4, 5, { frozenStages: true }), data: dataOf([[1, 2, -1, 0.5]]) }
  const result = await run(sensitivity, subject, { images: 1 })
  for (const value of column(result, 'units', 'forward')) expect(value).toBeCloseTo(1, 5)
  for (const value of column(result, 'units', 'backward')) expect(value).toBeCloseTo(1, 5)
  for (const value of column(result, 'exponents', 'exponent')) expect(Math.abs(value)).toBeLessThan(1e-6)
  expect(said(result, 'largestSingular')).toBeCloseTo(1, 5)
  close(subject)
})

test('of linear layers exponents are logarithms of eigenvalues, and singular values those of the product', async () => {
  // Forward Euler with the antisymmetric A = [[-g, k], [-k, -g]] / 2: a rotation with scaling by |1 + h (-g +- i k) / 2| per unit.
  const [h, k, damping, units] = [0.3, 1.4, 0.6, 12]
  const subject = { ...vectors('antisymmetric', 2, units, { h, damping }), data: dataOf([[1, -2]]) }
  setParameters(
    subject,
    Object.fromEntries(
      Array.from({ length: units }, (_, at) => [
        `stage1/unit${at + 1}/kernel`,
        [
          [0, k],
          [0, 0],
        ],
      ]),
    ),
  )
  const result = await run(sensitivity, subject, { images: 1, directions: 2 })
  const factor = Math.hypot(1 - (h * damping) / 2, (h * k) / 2)
  for (const value of column(result, 'exponents', 'exponent')) expect(value).toBeCloseTo(Math.log(factor), 5)
  for (const value of column(result, 'exponents', 'frozenExponent')) expect(value).toBeCloseTo(Math.log(factor), 5)
  column(result, 'units', 'forward').forEach((value, at) => expect(Math.abs(value / factor ** (at + 1) - 1)).toBeLessThan(1e-4))
  column(result, 'units', 'backward').forEach((value, at) => expect(Math.abs(value / factor ** (units - at) - 1)).toBeLessThan(1e-4))
  expect(Math.abs(said(result, 'largestSingular') / factor ** units - 1)).toBeLessThan(1e-4)
  close(subject)
})

test('through all stages perturbations grow as linear layers say, at most by the largest singular value', async () => {
  // Forward Euler with K = k I multiplies everything by (1 + h k) per unit.
  const [h, k, units] = [0.3, 0.7, 9]
  const points = [[1, -2], [0.3, 0.1], [-4, 2]] // prettier-ignore
  const equal = { ...vectors('euler', 2, units, { h }), data: dataOf(points) }
  const kernels = (kernel: number[][]) =>
    Object.fromEntries(Array.from({ length: units }, (_, at) => [`stage1/unit${at + 1}/kernel`, kernel]))
  setParameters(equal, kernels([[k, 0], [0, k]])) // prettier-ignore
  const result = await run(sensitivity, equal, { images: 3 })
  for (const key of ['growthMedian', 'growthLargest']) expect(said(result, key) / (1 + h * k) ** units).toBeCloseTo(1, 2)
  close(equal)

  // One direction grows and one shrinks: random perturbations are in between.
  const uneven = { ...vectors('euler', 2, units, { h }), data: dataOf(points) }
  setParameters(uneven, kernels([[k, 0], [0, -k]])) // prettier-ignore
  const spread = await run(sensitivity, uneven, { images: 3, directions: 8 })
  const [largest, median, singular] = ['growthLargest', 'growthMedian', 'largestSingular'].map((key) => said(spread, key))
  expect(singular! / (1 + h * k) ** units).toBeCloseTo(1, 2)
  expect(largest).toBeLessThan(1.01 * singular!)
  expect(largest).toBeGreaterThan(0.9 * singular!)
  expect(median).toBeLessThan(0.95 * largest!)
  expect(median).toBeGreaterThan((1 - h * k) ** units)
  close(uneven)
})

test('the sum of all exponents is the volume that units keep', async () => {
  const subject = { ...vectors('hamiltonian', 4, 6, { activation: 'tanh', h: 0.4 }), data: dataOf([[1, 2, -1, 0.5]]) }
  const result = await run(sensitivity, subject, { images: 1, directions: 4, frozenSpectrum: false })
  const exponents = column(result, 'exponents', 'exponent')
  expect(exponents).toHaveLength(4)
  expect(Math.abs(exponents.reduce((a, b) => a + b, 0))).toBeLessThan(1e-5)
  expect(cells(result, 'exponents', 'frozenExponent')).toEqual([null, null, null, null])
  close(subject)
})

test('the Jacobian of the logits is that of differences', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 1000 }), async (seed) => {
      const subject = { ...vectors('midpoint', 3, 3, { activation: 'tanh', seed }), data: dataOf([[0.4, -1, 0.8]]) }
      const result = await run(sensitivity, subject, { images: 1, frozenSpectrum: false })
      const { network, state } = subject
      const gain = tf.tidy(() => {
        const at = (moved: number[]): Float32Array =>
          infer(network, state.params, {}, tf.tensor(moved, [1, 1, 1, 3])).dataSync() as Float32Array
        const columns = [0, 1, 2].map((i) => {
          const [ahead, behind] = [1, -1].map((sign) => at([0.4, -1, 0.8].map((value, j) => value + (i === j ? sign * 0.01 : 0))))
          return [...ahead!].map((value, j) => (value - behind![j]!) / 0.02)
        })
        let v = [1, 0.5, -0.3]
        let size = 0
        for (let again = 0; again < 300; again++) {
          const out = [0, 1, 2].map((i) => columns.reduce((sum, each, j) => sum + each[i]! * v[j]!, 0))
          const back = columns.map((each) => each.reduce((sum, value, i) => sum + value * out[i]!, 0))
          size = Math.sqrt(Math.hypot(...back))
          v = back.map((value) => value / Math.hypot(...back))
        }
        return size
      }) as unknown as number
      expect(Math.abs(said(result, 'logitSingular') / gain - 1)).toBeLessThan(1e-3)
      close(subject)
    }),
    { seed: 1, numRuns: 5 },
  )
})

test.each(['hamiltonian', 'leapfrog', 'resnet', 'revnet'])(
  '%s of images with several stages is followed through all of them',
  async (arch) => {
    const subject = subjectOf({
      arch,
      mode: arch === 'resnet' ? 'stored' : 'reversible',
      stages: [
        { channels: 8, units: 2 },
        { channels: 12, units: 2 },
      ],
    })
    const result = await run(sensitivity, subject, { images: 4, iterations: 60, eigenvalueTolerance: 0.2 })
    const widens = arch === 'resnet' || arch === 'revnet'
    expect(column(result, 'units', 'depth')).toEqual(widens ? [1, 2, 4] : [1, 2, 3, 4])
    for (const key of ['forward', 'backward']) for (const value of column(result, 'units', key)) expect(value).toBeGreaterThan(0)
    expect(said(result, 'largestSingular')).toBeGreaterThan(0)
    expect(said(result, 'logitSingular')).toBeGreaterThan(0)
    close(subject)
  },
)

test('elu has the derivatives that tangents need', async () => {
  const subject = subjectOf({ arch: 'hamiltonian', activation: 'elu', stages: [{ channels: 4, units: 1 }] })
  expect(said(await run(sensitivity, subject, { images: 2, frozenSpectrum: false }), 'logitSingular')).toBeGreaterThan(0)
  close(subject)
})
