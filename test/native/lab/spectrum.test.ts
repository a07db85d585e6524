import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { spectrum } from '../../../src-main/lab/diagnostics/spectrum.js'
import { unitSpectrum } from '../../../src-main/lab/unit-spectrum.js'
import { forcesOf } from '../../../src-main/lab/forms.js'
import { walk } from '../../../src-main/lab/frozen.js'
import { denseJacobian, product, transposedProduct } from '../../../src-main/lab/jacobian.js'
import { eigenvalues, modulus } from '../../../src-main/lab/math/eigenvalues.js'
import { square } from '../../../src-main/numeric/dense.js'
import { integratorOf } from '../../../src-main/lab/integrator.js'
import { findDynamics } from '../../../src-main/numeric/registry.js'
import { release } from '../../../src-main/numeric/tensors.js'
import { normalTensor, tf } from '../support.js'
import { cells, close, column, dataOf, run, said, setParameters, subjectOf } from './support.js'
import { everyNth } from '../../fixtures/slice.js'

interface Case {
  params: Record<string, number[][] | number[]>
  x: number[]
  damping?: number
  z: [number, number][]
  growth: number
}

/** From LAPACK: test/reference/lab_spectrum.py. */
const { h, cases } = JSON.parse(readFileSync(join(import.meta.dirname, '../../fixtures/lab/spectrum.json'), 'utf8')) as {
  h: number
  cases: Record<string, Case>
}

/** A dense network of one unit of this width, on vectors. */
const vectors = (arch: string, width: number, more = {}) =>
  subjectOf({
    arch,
    maps: 'dense',
    image: { height: 1, width: 1, channels: width },
    stages: [{ channels: width, units: 1 }],
    activation: 'tanh',
    h,
    mode: findDynamics(arch)!.reversible ? 'reversible' : 'stored',
    ...more,
  })

test.each(Object.keys(cases))('one unit of %s has the eigenvalues that LAPACK finds', async (arch) => {
  const { params, x, z, growth, damping } = cases[arch]!
  const subject = { ...vectors(arch, x.length, damping === undefined ? {} : { damping }), data: dataOf([x]) }
  setParameters(subject, Object.fromEntries(Object.entries(params).map(([name, value]) => [`stage1/unit1/${name}`, value])))
  const result = await run(spectrum, subject)
  const found = column(result, 'eigenvalues', 'real').map((re, at) => [re, column(result, 'eigenvalues', 'imaginary')[at]!] as const)
  expect(found).toHaveLength(z.length)
  const left = [...found]
  for (const [re, im] of z) {
    const distances = left.map(([a, b]) => Math.hypot(a - re, b - im))
    const nearest = distances.indexOf(Math.min(...distances))
    // Square roots of eigenvalues near 0 are accurate only to the square root of their rounding error.
    expect(distances[nearest]).toBeLessThan(Math.hypot(re, im) < 0.02 ? 1e-3 : 1e-5)
    left.splice(nearest, 1)
  }
  expect(said(result, 'growth')).toBeCloseTo(growth, arch === 'hamiltonian' || arch === 'leapfrog' ? 3 : 5)
  expect(cells(result, 'units', 'form')[0]).toMatch(arch === 'antisymmetric' ? /eigenvalues of J,/ : arch === 'midpoint' ? /skew/ : /D/)
  close(subject)
})

test('a linear oscillator has the frequency that its kernel says, and leaves the stable region where h omega passes 2', async () => {
  // With the identity as activation and K = k I both forces are k^2 x: frequency k^2.
  for (const [k, expected] of [
    [2, 0.4],
    [5, 2.5],
  ] as const) {
    const subject = { ...vectors('hamiltonian', 2, { activation: 'identity', h: 0.1 }), data: dataOf([[0.3, -0.2]]) }
    setParameters(subject, { 'stage1/unit1/kernel1': [k], 'stage1/unit1/kernel2': [k] })
    const result = await run(spectrum, subject)
    expect(said(result, 'largest')).toBeCloseTo(expected, 5)
    expect(said(result, 'margin')).toBeCloseTo(1 - expected / 2, 5)
    if (expected < 2) expect(said(result, 'growth')).toBeCloseTo(1, 3)
    // mu^2 - (2 - (h omega)^2) mu + 1.
    else expect(said(result, 'growth')).toBeCloseTo((expected ** 2 - 2) / 2 + Math.sqrt(((expected ** 2 - 2) / 2) ** 2 - 1), 4)
    close(subject)
  }
})

const images = (arch: string, more = {}) =>
  subjectOf({
    arch,
    stages: [
      { channels: 8, units: 2 },
      { channels: 8, units: 2 },
    ],
    activation: 'tanh',
    mode: findDynamics(arch)!.reversible ? 'reversible' : 'stored',
    ...more,
  })

const CONVOLUTIONS = [
  ['hamiltonian', {}, /Golub-Kahan/],
  ['midpoint', {}, /Lanczos/],
  ['leapfrog', {}, /Lanczos/],
  ['hamiltonian', { unitNorm: 'batch' }, /Arnoldi/],
  ['resnet', {}, /Arnoldi/],
  ['revnet', {}, /Arnoldi/],
  ['antisymmetric', {}, /Arnoldi/],
] as const

describe.each(everyNth(CONVOLUTIONS, 2, import.meta.filename))('convolutions of %s %j', (arch, more, form) => {
  test('the Krylov method finds the outermost eigenvalue of the whole matrix', () => {
    const subject = images(arch, more)
    const { network, state } = subject
    const pass = { network, params: state.params, statistics: state.statistics, training: false, moved: new Map() }
    const before = tf.memory().numTensors
    tf.engine().startScope()
    const x = normalTensor([1, 8, 8, 3], 'x')
    const units = [...walk(pass, x)].length
    expect(units).toBeGreaterThan(0)
    for (const unit of walk(pass, x)) {
      if (unit.depth !== 1) continue
      const found = unitSpectrum(unit, { iterations: 150, tolerance: 1e-3, seed: 1 })
      expect(found.form).toMatch(form)
      expect(found.converged).toBe(true)
      const [one, two] = forcesOf(unit).map(({ map, state: at }) => denseJacobian(map, at))
      const whole = two ? square(one!.size) : one!
      if (two)
        for (let i = 0; i < whole.size; i++)
          for (let k = 0; k < whole.size; k++)
            for (let j = 0; j < whole.size; j++)
              whole.data[i * whole.size + j] =
                whole.data[i * whole.size + j]! + one!.data[i * whole.size + k]! * two.data[k * whole.size + j]!
      const right = eigenvalues(whole).flatMap(integratorOf(unit.substeps)!.steps)
      const largest = Math.max(...right.map(modulus))
      expect(Math.abs(Math.max(...found.z.map(modulus)) / largest - 1)).toBeLessThan(2e-3)
    }
    tf.engine().endScope()
    close(subject)
    expect(tf.memory().numTensors).toBeLessThanOrEqual(before)
  })
})

test("J v and J' u belong together, and to differences of the force", () => {
  for (const arch of ['hamiltonian', 'resnet', 'revnet']) {
    const subject = images(arch)
    const { network, state } = subject
    const pass = { network, params: state.params, statistics: state.statistics, training: false, moved: new Map() }
    const x = normalTensor([1, 8, 8, 3], 'x')
    for (const unit of walk(pass, x)) {
      if (unit.depth > 0) continue
      const [{ map, state: at }] = forcesOf(unit) as [ReturnType<typeof forcesOf>[number]]
      const [u, v] = ['u', 'v'].map((name) => normalTensor(at.shape, name))
      const numbers = (t: tf.Tensor): Float64Array => Float64Array.from(t.dataSync())
      const [tangent, pulled] = [product(map, at, numbers(v!)), transposedProduct(map, at, numbers(u!))]
      const inner = (a: Float64Array, b: Float64Array): number => a.reduce((sum, value, i) => sum + value * b[i]!, 0)
      expect(inner(tangent, numbers(u!))).toBeCloseTo(inner(pulled, numbers(v!)), 2)
      tf.dispose([u!, v!])
    }
    x.dispose()
    close(subject)
  }
})

test('norms on the input of layers take the Jacobian itself, and negative gammas are counted', async () => {
  const subject = images('hamiltonian', { unitNorm: 'batch' })
  const gamma = 'stage1/unit2/bnMid1/gamma'
  setParameters(subject, { [gamma]: [-1, 1, -0.5, 1] })
  const result = await run(spectrum, subject, { iterations: 150 })
  expect(column(result, 'units', 'negativeGammas')).toEqual([0, 2, 0, 0])
  const forms = cells(result, 'units', 'form')
  // The first unit does not normalise its input.
  expect(forms[0]).toMatch(/singular values/)
  for (const form of forms.slice(1)) expect(form).toMatch(/eigenvalues of J₁ J₂/)
  expect(result.notes.some(({ text }) => /2 batch norm scales \(gamma\)/.test(text))).toBe(true)
  close(subject)
})

test('a unit that does not converge is said to be left out, and is not drawn', async () => {
  const subject = images('midpoint', { stages: [{ channels: 8, units: 1 }] })
  const result = await run(spectrum, subject, { iterations: 5, eigenvalueTolerance: 1e-6 })
  expect(cells(result, 'units', 'largest')).toEqual([null])
  expect(result.figures).toEqual([])
  expect(result.notes).toContainEqual({ level: 'warning', text: expect.stringMatching(/not converged after 5 products/) })
  close(subject)
})

test('of no more than one unit of a state the tensors of the walk are freed', () => {
  const subject = images('hamiltonian')
  const { network, state } = subject
  const before = tf.memory().numTensors
  const x = normalTensor([1, 8, 8, 3], 'x')
  for (const unit of walk({ network, params: state.params, statistics: state.statistics, training: false, moved: new Map() }, x)) void unit
  release([x])
  expect(tf.memory().numTensors).toBe(before)
  close(subject)
})
