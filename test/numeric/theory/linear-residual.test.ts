import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { identity, multiply, singularValues, square, symmetricEigen, transpose, type Square } from '../../../src-main/numeric/dense.js'
import { balancedLimit, stableSharpness } from '../../../src-main/numeric/theory/chain.js'
import { FULL } from '../../fixtures/slice.js'
import {
  builtOptimum,
  counterexamples,
  descend,
  determinantSign,
  drawPlain,
  drawProblem,
  excessAndGradient,
  gammaOf,
  gradientBounds,
  holds,
  layersOf,
  negativeProblem,
  optimumBounds,
  sharpnessAtMinimum,
  smallestMoment,
  type DescentRecord,
} from '../../../src-main/numeric/theory/linear-residual.js'

type Rows = number[][]
interface Golden {
  point: {
    A: Rows[]
    R: Rows
    S: Rows
    excess: number
    gradient: Rows[]
    gradientNormSquared: number
    tau: number
    bound: number
    tightBound: number
    /** Inputs and outputs, by row, with these moments; the noise is the remainder at the optimum. */
    X: Rows
    Y: Rows
    noiseFloor: number
  }
  counterexamples: { gradientNormSquared: number; bound: number; quotedBound: number; excess: number }[]
  descent: {
    R: Rows
    Sdiagonal: number[]
    gamma: number
    runs: {
      depth: number
      learningRate: number
      log: {
        step: number
        excess: number
        gradientNormSquared: number
        bound: number | null
        tightBound: number
        tau: number
        quotedHolds: boolean
      }[]
    }[]
  }
  smallOptimum: { R: Rows; gamma: number; rows: { depth: number; maxNorm: number; boundLater: number; boundFirst: number }[] }
  negativeDeterminant: { depth: number; excess: number; onePlusA: number }[]
}
const read = <T>(name: string): T => JSON.parse(readFileSync(join(import.meta.dirname, '../../fixtures/neighbours', name), 'utf8')) as T
const golden = read<Golden>('n2_identity.json')
const matrix = (rows: Rows): Square => ({ size: rows.length, data: Float64Array.from(rows.flat()) })
const diagonal = (values: number[]): Square => {
  const whole = square(values.length)
  values.forEach((value, i) => (whole.data[i * values.length + i] = value))
  return whole
}
const close = (value: number, wanted: number, relative = 1e-10): void =>
  expect(Math.abs(value - wanted)).toBeLessThanOrEqual(relative * Math.abs(wanted))

it('singular values are the roots of the eigenvalues of the Gram matrix, and small ones keep their precision', () => {
  const a = matrix(golden.point.R)
  const gram = symmetricEigen(multiply(transpose(a), a)).values
  singularValues(a).forEach((value, i) => close(value, Math.sqrt(gram[2 - i]!), 1e-12))
  const graded = multiply(a, diagonal([1, 1e-9, 1e-18]))
  const [first, , last] = singularValues(graded)
  close(first! * singularValues(graded)[1]! * last!, Math.exp(Math.log(1e-27)) * singularValues(a).reduce((x, y) => x * y, 1), 1e-10)
})

it('excess, gradient and bounds at a point are the golden ones', () => {
  const { A, R, S, ...wanted } = golden.point
  const residuals = A.map(matrix)
  const problem = { target: matrix(R), moments: matrix(S) }
  const { excess, gradients, gradientNormSquared } = excessAndGradient(layersOf(residuals), problem)
  close(excess, wanted.excess)
  gradients.forEach(({ data }, i) => data.forEach((value, k) => expect(value).toBeCloseTo(wanted.gradient[i]!.flat()[k]!, 10)))
  close(gradientNormSquared, wanted.gradientNormSquared)
  const { tau, bound, tight } = gradientBounds(residuals, smallestMoment(problem.moments), excess)
  close(tau, wanted.tau)
  close(bound!, wanted.bound)
  close(tight, wanted.tightBound)
})

it('the excess is what the mean squared error of samples has above their noise floor', () => {
  const { A, R, S, X, Y, noiseFloor, excess } = golden.point
  const layers = layersOf(A.map(matrix))
  const whole = multiply(layers[3]!, layers[2]!, layers[1]!, layers[0]!)
  const errorOf = (map: Square): number =>
    X.reduce((sum, x, at) => {
      const squares = Y[at]!.map((y, i) => (y - x.reduce((of, value, j) => of + map.data[i * 3 + j]! * value, 0)) ** 2)
      return sum + squares.reduce((a, b) => a + b) / X.length
    }, 0)
  close(errorOf(matrix(R)), noiseFloor)
  close(errorOf(whole) - noiseFloor, excess)
  close(excessAndGradient(layers, { target: matrix(R), moments: matrix(S) }).excess, excess)
})

it('the bound as it is quoted has counterexamples, and the derived one has none there', () => {
  counterexamples().forEach((found, i) => {
    const wanted = golden.counterexamples[i]!
    close(found.gradientNormSquared, wanted.gradientNormSquared)
    close(found.bound, wanted.bound)
    close(found.quoted, wanted.quotedBound)
    expect(found.quoted).toBeGreaterThan(found.gradientNormSquared * 1.1)
    expect(found.bound).toBeLessThanOrEqual(found.gradientNormSquared * (1 + 1e-12))
  })
})

describe('descent from the identity', () => {
  const problem = { target: matrix(golden.descent.R), moments: diagonal(golden.descent.Sdiagonal) }
  it.each(golden.descent.runs.filter(({ depth }) => FULL || depth < 32))(
    'of depth $depth has the golden log, and the bounds at every step',
    (run) => {
      const told: DescentRecord[] = []
      const residuals = Array.from({ length: run.depth }, () => square(8))
      descend(residuals, 'residual', problem, { rate: run.learningRate, steps: 400, record: (record) => void told.push(record) })
      expect(told).toHaveLength(401)
      expect(told.filter((record) => !holds(record))).toEqual([])
      for (const wanted of run.log) {
        const { excess, gradientNormSquared, bounds } = told[wanted.step]!
        close(excess, wanted.excess, 1e-8)
        close(gradientNormSquared, wanted.gradientNormSquared, 1e-8)
        close(bounds!.tight, wanted.tightBound, 1e-8)
        close(bounds!.tau, wanted.tau, 1e-8)
        if (wanted.bound === null) expect(bounds!.bound).toBeNull()
        else close(bounds!.bound!, wanted.bound, 1e-8)
      }
      // The acceptance criterion of the reference, to its two digits.
      const [excess, tauTimesDepth] = { 2: [6.9e-7, 1.73], 8: [4.5e-4, 1.97], 32: [9.5e-4, 2.04] }[run.depth]!
      expect(told[400]!.excess).toBeCloseTo(excess!, run.depth === 2 ? 8 : 5)
      expect(told[400]!.bounds!.tau * run.depth).toBeCloseTo(tauTimesDepth!, 2)
    },
  )

  it('has the gamma and the bounds of an optimum that the reference has', () => {
    close(gammaOf(problem.target), golden.descent.gamma)
    const { R, gamma, rows } = golden.smallOptimum
    close(gammaOf(matrix(R)), gamma)
    for (const { depth, maxNorm, boundFirst, boundLater } of rows) {
      close(optimumBounds(gamma, depth).first, boundFirst)
      close(optimumBounds(gamma, depth).later, boundLater)
      const built = builtOptimum(matrix(R), depth)
      close(built, maxNorm)
      expect(built).toBeLessThan(Math.min(boundFirst, boundLater))
    }
    close(builtOptimum(identity(2, 3), 1), 2)
  })
})

it('a negative determinant is known beforehand, and stops descent at excess 1 from two layers on', () => {
  expect(determinantSign(negativeProblem().target)).toBe(-1)
  for (const { depth, excess, onePlusA } of golden.negativeDeterminant) {
    const residuals = Array.from({ length: depth }, () => square(1))
    let last = NaN
    descend(residuals, 'residual', negativeProblem(), {
      rate: 0.05 / depth,
      steps: 20_000,
      record: (record) => void (last = record.excess),
    })
    // One step more than the reference's last excess; both have converged.
    expect(last).toBeCloseTo(excess, 6)
    expect(1 + residuals[0]!.data[0]!).toBeCloseTo(onePlusA, 9)
  }
})

it('the sharpness of a linear network at a minimum is the golden one of the matrices', () => {
  const { matrices } = read<{
    matrices: { W: Rows[]; lambdaMax: number; deltaMax: number; singularVectorLowerBound: number; balancedBound: number }
  }>('n5_lyapunov.json')
  const W = matrices.W.map(matrix)
  // The reference halves the loss.
  const sharpness = sharpnessAtMinimum(W, identity(3)) / 2
  close(sharpness, matrices.lambdaMax, 1e-10)
  close(stableSharpness(sharpness), matrices.deltaMax, 1e-10)

  // The lemma of Nar and Sastry: the bound from the first singular pair of the whole map; no layers can be more stable than balanced ones.
  const whole = multiply(W[3]!, W[2]!, W[1]!, W[0]!)
  const first = (gram: Square): number[] => Array.from({ length: 3 }, (_, i) => symmetricEigen(gram).vectors[i * 3 + 2]!)
  const [u, v] = [first(multiply(whole, transpose(whole))), first(multiply(transpose(whole), whole))]
  const size = (map: Square, x: number[]): number =>
    Math.hypot(...x.map((_, i) => x.reduce((sum, value, j) => sum + map.data[i * 3 + j]! * value, 0)))
  const lower = W.reduce((sum, _, i) => {
    const after = W.slice(i + 1).reduce((product, layer) => multiply(layer, product), identity(3))
    const before = W.slice(0, i).reduce((product, layer) => multiply(layer, product), identity(3))
    return sum + (size(transpose(after), u) * size(before, v)) ** 2
  }, 0)
  close(lower, matrices.singularVectorLowerBound, 1e-10)
  expect(lower).toBeLessThanOrEqual(sharpness)
  close(balancedLimit(4, singularValues(whole)[0]!), matrices.balancedBound, 1e-10)
  expect(stableSharpness(sharpness)).toBeLessThanOrEqual(matrices.balancedBound)
})

it('draws problems of positive determinant, and plain layers from a seed alone', () => {
  for (let seed = 1; seed <= 6; seed++) expect(determinantSign(drawProblem(4, 1, seed).target)).toBe(1)
  expect(drawProblem(4, 1, 2)).toEqual(drawProblem(4, 1, 2))
  expect(drawPlain(3, 2, 0.1, 1)).toHaveLength(2)
  expect(drawProblem(1, 0.3, 1).moments.data).toEqual(Float64Array.of(1))
})
