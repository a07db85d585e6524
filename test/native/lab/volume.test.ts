import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { volume } from '../../../src-main/lab/diagnostics/volume.js'
import { flatUnit } from '../../../src-main/lab/flat.js'
import { denseJacobian } from '../../../src-main/lab/jacobian.js'
import { logDeterminant, multiply, singularValues, square, transpose, type Square } from '../../../src-main/numeric/dense.js'
import { freeing } from '../../../src-main/lab/scope.js'
import { unitVolume } from '../../../src-main/lab/volume.js'
import { findDynamics, registerDynamics } from '../../../src-main/numeric/registry.js'
import { stageSweep } from '../../../src-main/numeric/pass.js'
import { relative, tf } from '../support.js'
import { foilRevnet } from './foils.js'
import { cells, close, column, dataOf, run, said, setParameters, subjectOf } from './support.js'

registerDynamics(foilRevnet)

type Matrix = number[][]
interface Golden {
  unit: {
    h: number
    gamma: number
    K: Matrix
    K2: Matrix
    T: Matrix
    b: number[]
    b2: number[]
    c: number[]
    x4: number[]
    x8: number[]
    maps: Record<
      string,
      {
        sign: number
        logAbsDet: number
        largestSingularValue: number
        smallestSingularValue: number
        symplecticDefect?: number
        output: number[]
      }
    >
  }
  depth: {
    kernels: Matrix[]
    biases: number[][]
    X: Matrix
    h: number
    runs: Record<string, { meanLogAbsDet?: number[]; largestSingularValueWhole?: number; drift: number[]; rms: number[] }>
  }
  estimate: { exact: number; spectralNormOfhA: number }
}

/** Computed in float64 with PyTorch: test/reference/lab_volume.py. */
const golden = JSON.parse(readFileSync(join(import.meta.dirname, '../../fixtures/lab/volume.json'), 'utf8')) as Golden

const vectors = (arch: string, width: number, units: number, h: number, activation: 'tanh' | 'relu' = 'tanh', more = {}) =>
  subjectOf({
    arch,
    maps: 'dense',
    image: { height: 1, width: 1, channels: width },
    stages: [{ channels: width, units }],
    activation,
    h,
    mode: findDynamics(arch)!.reversible ? 'reversible' : 'stored',
    ...more,
  })

const { K, K2, T, b, b2, c, x4, x8, h, gamma, maps } = golden.unit
const one = { kernel: K, bias: b }
const two = { kernel1: K, bias1: b, kernel2: K2, bias2: b2 }

/** max |J' W J - W| with the canonical W of a pair: 0 for a symplectic map. */
function symplecticDefect(jacobian: Square): number {
  const canonical = square(jacobian.size)
  const half = jacobian.size / 2
  for (let i = 0; i < half; i++) {
    canonical.data[i * jacobian.size + half + i] = 1
    canonical.data[(half + i) * jacobian.size + i] = -1
  }
  const carried = multiply(transpose(jacobian), canonical, jacobian)
  return Math.max(...carried.data.map((value, at) => Math.abs(value - canonical.data[at]!)))
}

test.each([
  ['plain', 'plain', 4, one, {}],
  ['euler', 'euler', 4, one, {}],
  ['antisymmetric', 'antisymmetric', 4, one, { damping: gamma }],
  ['highway', 'highway', 4, { ...one, kernelT: T, biasT: c }, {}],
  ['hamiltonian', 'hamiltonian', 8, two, {}],
  ['verlet', 'verlet', 4, one, {}],
  ['midpoint', 'midpoint', 4, one, {}],
  ['leapfrog', 'leapfrog', 4, one, {}],
  ['revnet', 'foil-revnet', 8, two, {}],
] as const)('the volume factor of one unit of %s is the golden one', (name, arch, width, params, more) => {
  const subject = vectors(arch, width, 1, h, 'tanh', more)
  setParameters(subject, Object.fromEntries(Object.entries(params).map(([key, value]) => [`stage1/unit1/${key}`, value])))
  const { network, state } = subject
  const { logAbsDet, output, ...wanted } = maps[name]!
  const sweep = stageSweep({ network, params: state.params, statistics: {}, training: false, moved: new Map() }, network.stages[0]!)
  tf.tidy(() => {
    const oneStep = output.length === 4
    const parts = oneStep ? [x4, x4] : [x8.slice(0, 4), x8.slice(4)]
    const pair = parts.map((part) => tf.tensor(part, [1, 4])) as unknown as [tf.Tensor, tf.Tensor]
    const found = unitVolume({ sweep, substeps: network.stages[0]!.substeps, pair }, { wholeUpTo: 64, probes: 2, terms: 2, seed: 1 })
    expect(found.how).toBe('whole matrix')
    // For the plain unit, float32 loses what 1 - tanh² leaves of saturated slopes: 4e-5 of 13.
    expect(Math.abs(found.logAbs! - logAbsDet)).toBeLessThan(name === 'plain' ? 1e-4 : 1e-5)
    const flat = flatUnit({ sweep, substeps: network.stages[0]!.substeps, pair })
    expect(relative(flat.map(flat.state), tf.tensor(output, [1, output.length]))).toBeLessThan(1e-5)
    const jacobian = denseJacobian(flat.map, flat.state)
    expect(logDeterminant(jacobian).sign).toBe(wanted.sign)
    const values = singularValues(jacobian)
    expect(values[0]! / wanted.largestSingularValue).toBeCloseTo(1, 5)
    // For the plain unit, it is ten thousand times smaller than the largest.
    expect(Math.abs(values.at(-1)! / wanted.smallestSingularValue - 1)).toBeLessThan(name === 'plain' ? 1e-4 : 1e-5)
    if (wanted.symplecticDefect !== undefined) {
      const defect = symplecticDefect(jacobian)
      if (wanted.symplecticDefect < 1e-9) expect(defect).toBeLessThan(1e-6)
      else expect(defect / wanted.symplecticDefect).toBeCloseTo(1, 4)
    }
    // The result from the form alone, for states too large for a dense matrix.
    const formal = unitVolume({ sweep, substeps: network.stages[0]!.substeps, pair }, { wholeUpTo: 1, probes: 2, terms: 2, seed: 1 })
    if (!oneStep) expect(formal).toMatchObject({ how: 'of the form', logAbs: 0 })
  })
  close(subject)
})

describe.each([
  ['plain', 'plain', 'tanh'],
  ['euler', 'euler', 'tanh'],
  ['relu-residual', 'euler', 'relu'],
] as const)('40 units of %s', (name, arch, activation) => {
  test('volume and drift are the golden ones', async () => {
    const { kernels, biases, X, h: step, runs } = golden.depth
    const subject = { ...vectors(arch, 4, 40, step, activation), data: dataOf(X) }
    const named = (local: string, values: readonly (Matrix | number[])[]): Record<string, Matrix | number[]> =>
      Object.fromEntries(values.map((value, at) => [`stage1/unit${at + 1}/${local}`, value]))
    setParameters(subject, { ...named('kernel', kernels), ...named('bias', biases) })
    const result = await run(volume, subject, { images: 16, volumeImages: 16 })
    const { meanLogAbsDet, drift, rms } = runs[name]!
    let sum = 0
    column(result, 'units', 'logDeterminant').forEach((value, at) => {
      sum += value
      // Volumes of plain layers are tiny, and so is the accuracy of float32 slopes near 0.
      expect(Math.abs(sum - meanLogAbsDet![at + 1]!)).toBeLessThan(name === 'plain' ? 0.05 : 1e-4)
    })
    expect(said(result, 'total')).toBeCloseTo(sum, 6)
    column(result, 'units', 'shift').forEach((value, at) => expect(value).toBeCloseTo(drift[at]!, 5))
    column(result, 'units', 'gain').forEach((value, at) => expect(Math.abs(value / (rms[at + 1]! / rms[at]!) - 1)).toBeLessThan(1e-4))
    close(subject)
  })
})

test('40 units of Verlet keep volume and have the golden drift, and yet one direction grows by 2.44', async () => {
  const { kernels, biases, X, h: step, runs } = golden.depth
  const subject = { ...vectors('verlet', 4, 40, step), data: dataOf(X) }
  kernels.forEach((kernel, at) =>
    setParameters(subject, { [`stage1/unit${at + 1}/kernel`]: kernel, [`stage1/unit${at + 1}/bias`]: biases[at]! }),
  )
  const { largestSingularValueWhole, drift, rms } = runs['verlet']!
  const result = await run(volume, subject, { images: 16, volumeImages: 16 })
  for (const value of column(result, 'units', 'logDeterminant')) expect(Math.abs(value)).toBeLessThan(1e-5)
  column(result, 'units', 'shift').forEach((value, at) => expect(value).toBeCloseTo(drift[at]!, 5))
  column(result, 'units', 'gain').forEach((value, at) => expect(Math.abs(value / (rms[at + 1]! / rms[at]!) - 1)).toBeLessThan(1e-4))
  // For the complete map of the pair, at the first example; in float32, 0 becomes the rounding error of 40 units.
  const { network, state } = subject
  const sweep = stageSweep({ network, params: state.params, statistics: {}, training: false, moved: new Map() }, network.stages[0]!)
  freeing(() => {
    const pair = [tf.zeros([1, 4]), tf.tensor([X[0]!])] as const
    const whole = flatUnit({ sweep, substeps: network.stages[0]!.substeps, pair })
    const jacobian = denseJacobian(whole.map, whole.state)
    expect(Math.abs(logDeterminant(jacobian).logAbs)).toBeLessThan(1e-5)
    expect(singularValues(jacobian)[0]! / largestSingularValueWhole!).toBeCloseTo(1, 5)
    expect(largestSingularValueWhole!.toFixed(2)).toBe('2.44')
  })
  close(subject)
})

test('the series agrees with the determinant within its standard error, and is refused where it diverges', () => {
  const subject = vectors('euler', 4, 1, h)
  setParameters(subject, { 'stage1/unit1/kernel': K, 'stage1/unit1/bias': b })
  const { network, state } = subject
  const at = (factor: number) =>
    freeing(() => {
      const sweep = stageSweep({ network, params: state.params, statistics: {}, training: false, moved: new Map() }, network.stages[0]!)
      const substeps = network.stages[0]!.substeps.map((substep) => ({ ...substep, gain: substep.gain * factor }))
      const pair = [tf.tensor(x4, [1, 4]), tf.tensor(x4, [1, 4])] as const
      return unitVolume({ sweep, substeps, pair }, { wholeUpTo: 1, probes: 200, terms: 12, seed: 3 })
    })
  const found = at(1)
  expect(found.how).toBe('series')
  expect(Math.abs(found.logAbs! - golden.estimate.exact)).toBeLessThan(4 * found.standardError!)
  expect(found.spectralNorm).toBeCloseTo(golden.estimate.spectralNormOfhA, 4)
  const large = at(20)
  expect(large).toMatchObject({ how: 'not found', logAbs: null })
  expect(large.spectralNorm).toBeGreaterThan(1)
  close(subject)
})

test('of a diagonal map the series has no spread, and gives the sum of logarithms', () => {
  const gains = [2, 1, 0.5, -1.5]
  const subject = vectors('euler', 4, 1, 0.3)
  setParameters(subject, { 'stage1/unit1/kernel': gains.map((gain, i) => gains.map((_, j) => (i === j ? gain : 0))) })
  const { network, state } = subject
  const found = freeing(() => {
    const sweep = stageSweep({ network, params: state.params, statistics: {}, training: false, moved: new Map() }, network.stages[0]!)
    const origin = tf.zeros([1, 4])
    return unitVolume(
      { sweep, substeps: network.stages[0]!.substeps, pair: [origin, origin] },
      { wholeUpTo: 1, probes: 3, terms: 40, seed: 1 },
    )
  })
  expect(found.how).toBe('series')
  expect(found.standardError).toBeLessThan(1e-6)
  expect(found.logAbs).toBeCloseTo(
    gains.reduce((sum, gain) => sum + Math.log(1 + 0.3 * gain), 0),
    5,
  )
  close(subject)
})

test('stages of images keep volume by their form, and drift is measured all the same', async () => {
  const subject = subjectOf({
    arch: 'hamiltonian',
    stages: [
      { channels: 8, units: 2 },
      { channels: 12, units: 1 },
    ],
  })
  const result = await run(volume, subject, { wholeUpTo: 64 })
  expect(column(result, 'units', 'logDeterminant')).toEqual([0, 0, 0])
  expect(cells(result, 'units', 'how')).toEqual(['of the form', 'of the form', 'of the form'])
  expect(column(result, 'units', 'gain').every((value) => value > 0)).toBe(true)
  close(subject)
})

test('a residual network whose branches are too steep has no figure, and says why', async () => {
  const subject = subjectOf({ arch: 'resnet', mode: 'stored', stages: [{ channels: 16, units: 1 }] })
  const result = await run(volume, subject, { wholeUpTo: 64 })
  expect(cells(result, 'units', 'logDeterminant')).toEqual([null])
  expect(result.summary.find(({ key }) => key === 'total')?.value).toBeNull()
  expect(result.notes).toContainEqual({ level: 'warning', text: expect.stringMatching(/the series needs less than 1/) })
  expect(result.figures.map(({ title }) => title)).not.toContain('Volume factor of the units over depth')
  close(subject)
})
