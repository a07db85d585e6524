import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { logDeterminant, orthonormalise, square, symmetricEigen, type Square } from '../../src-main/numeric/dense.js'
import { eigenvalues, lastComponent, modulus, quadraticRoots, squareRoot, type Complex } from '../../src-main/lab/math/eigenvalues.js'
import { coordinatePlane, principalPlane, project } from '../../src-main/lab/math/principal.js'
import { randomFor } from '../../src-main/numeric/random.js'
import { arnoldi, golubKahan, lanczos, type Operator } from '../../src-main/lab/math/krylov.js'

interface Case {
  matrix: number[][]
  eigenvalues: [number, number][]
  singularValues: number[]
  symmetricEigenvalues: number[]
  logAbsDet: number
  sign: number
}

/** From LAPACK: test/reference/lab_spectrum.py. */
const { matrices } = JSON.parse(readFileSync(join(import.meta.dirname, '../fixtures/lab/spectrum.json'), 'utf8')) as { matrices: Case[] }

const of = (rows: readonly (readonly number[])[]): Square => ({ size: rows.length, data: Float64Array.from(rows.flat()) })
const plusTransposed = ({ size, data }: Square): Square => {
  const sum = square(size)
  for (let i = 0; i < size; i++) for (let j = 0; j < size; j++) sum.data[i * size + j] = data[i * size + j]! + data[j * size + i]!
  return sum
}
const times = ({ size, data }: Square, v: Float64Array): Float64Array =>
  Float64Array.from({ length: size }, (_, i) => v.reduce((sum, value, j) => sum + data[i * size + j]! * value, 0))
const transposed = ({ size, data }: Square): Square => ({
  size,
  data: data.map((_, at) => data[(at % size) * size + Math.floor(at / size)]!),
})
const operator = (matrix: Square): Operator => ({ size: matrix.size, apply: (v) => times(matrix, v) })

/** Every element of one set has a partner of its own in the other. */
function expectSame(found: readonly Complex[], right: readonly Complex[], tolerance: number): void {
  expect(found).toHaveLength(right.length)
  const left = [...found]
  for (const { re, im } of right) {
    const distances = left.map((value) => Math.hypot(value.re - re, value.im - im))
    const nearest = distances.indexOf(Math.min(...distances))
    expect(distances[nearest]).toBeLessThan(tolerance)
    left.splice(nearest, 1)
  }
}
const complex = (pairs: readonly [number, number][]): Complex[] => pairs.map(([re, im]) => ({ re, im }))
const whole = { iterations: 200, tolerance: 1e-9, seed: 1 }

describe.each(matrices.map((each) => [each.matrix.length, each] as const))('a matrix of %i rows, against LAPACK', (size, given) => {
  const matrix = of(given.matrix)

  test('eigenvalues', () => expectSame(eigenvalues(matrix), complex(given.eigenvalues), 1e-9))

  test('eigenvalues of a symmetric matrix, and its vectors', () => {
    const symmetric = plusTransposed(matrix)
    const { values, vectors } = symmetricEigen(symmetric)
    values.forEach((value, at) => expect(value).toBeCloseTo(given.symmetricEigenvalues[at]!, 10))
    for (let j = 0; j < size; j++) {
      const vector = Float64Array.from({ length: size }, (_, i) => vectors[i * size + j]!)
      expect(Math.hypot(...vector)).toBeCloseTo(1, 12)
      times(symmetric, vector).forEach((value, i) => expect(value).toBeCloseTo(values[j]! * vector[i]!, 10))
    }
  })

  test('logarithm and sign of the determinant', () => {
    const { logAbs, sign } = logDeterminant(matrix)
    expect(logAbs).toBeCloseTo(given.logAbsDet, 10)
    expect(sign).toBe(given.sign)
  })

  test('largest algebraic eigenvalue by Lanczos', () => {
    const { found, converged } = lanczos(operator(plusTransposed(matrix)), whole)
    expect(converged).toBe(true)
    expect(found[0]!.value).toBeCloseTo(given.symmetricEigenvalues.at(-1)!, 8)
  })

  test('largest singular value by Golub-Kahan', () => {
    const map = { rows: size, columns: size, apply: operator(matrix).apply, adjoint: operator(transposed(matrix)).apply }
    const { found, converged } = golubKahan(map, whole)
    expect(converged).toBe(true)
    expect(found[0]!.value).toBeCloseTo(given.singularValues[0]!, 8)
  })

  test('outermost eigenvalues by Arnoldi', () => {
    const { found, converged } = arnoldi(operator(matrix), whole)
    expect(converged).toBe(true)
    expect(modulus(found[0]!.value)).toBeCloseTo(Math.max(...complex(given.eigenvalues).map(modulus)), 7)
  })
})

test('what has not converged is not given', () => {
  const size = 400
  // Eigenvalues that cluster at the upper end.
  const map: Operator = { size, apply: (v) => v.map((value, i) => value * (1 - (i / size) ** 2 * 1e-3)) }
  expect(lanczos(map, { iterations: 5, tolerance: 1e-8, seed: 1 })).toMatchObject({ converged: false, iterations: 5 })
  expect(arnoldi(map, { iterations: 5, tolerance: 1e-8, seed: 1 }).converged).toBe(false)
  expect(
    golubKahan({ rows: size, columns: size, apply: map.apply, adjoint: map.apply }, { iterations: 5, tolerance: 1e-8, seed: 1 }).converged,
  ).toBe(false)
})

test('the map to 0 has the eigenvalue and the singular value 0', () => {
  const map = { size: 300, rows: 300, columns: 300, apply: () => new Float64Array(300), adjoint: () => new Float64Array(300) }
  expect(arnoldi(map, whole)).toMatchObject({ converged: true, found: [{ value: { re: 0, im: 0 }, residual: 0 }] })
  expect(lanczos(map, whole)).toMatchObject({ converged: true, found: [{ value: 0 }] })
  expect(golubKahan(map, whole)).toMatchObject({ converged: true, found: [{ value: 0 }] })
})

test('a stated residual bounds the error of a symmetric eigenvalue', () => {
  const size = 300
  const map: Operator = { size, apply: (v) => v.map((value, i) => value * Math.cos(i / 50)) }
  const { found } = lanczos(map, { iterations: 25, tolerance: 0.05, seed: 2 })
  const right = Array.from({ length: size }, (_, i) => Math.cos(i / 50))
  expect(found.length).toBeGreaterThan(0)
  for (const { value, residual } of found)
    expect(Math.min(...right.map((one) => Math.abs(one - value)))).toBeLessThanOrEqual(residual + 1e-12)
})

test('the last component is that of the eigenvector', () => {
  // Companion matrix of (x - 1)(x - 2)(x - 4): eigenvectors are (x^2, x, 1).
  const matrix = of([
    [7, -14, 8],
    [1, 0, 0],
    [0, 1, 0],
  ])
  for (const x of [1, 2, 4]) expect(lastComponent(matrix, { re: x, im: 0 })).toBeCloseTo(1 / Math.hypot(x * x, x, 1), 8)
})

const entry = fc.double({ min: -3, max: 3, noNaN: true })
const anyMatrix = fc
  .integer({ min: 1, max: 8 })
  .chain((size) => fc.array(fc.array(entry, { minLength: size, maxLength: size }), { minLength: size, maxLength: size }))

test('eigenvalues sum to the trace, and multiply to the determinant', () => {
  fc.assert(
    fc.property(anyMatrix, (rows) => {
      const values = eigenvalues(of(rows))
      const trace = rows.reduce((sum, row, i) => sum + row[i]!, 0)
      expect(values.reduce((sum, { re }) => sum + re, 0)).toBeCloseTo(trace, 6)
      const { logAbs } = logDeterminant(of(rows))
      const product = values.reduce((all, value) => all * modulus(value), 1)
      expect(Math.abs(product - Math.exp(logAbs))).toBeLessThan(1e-6 * (1 + Math.exp(logAbs)))
    }),
    { seed: 1, numRuns: 200 },
  )
})

test('the roots of a quadratic give its coefficients back, and a square root squares to what it is of', () => {
  const number = fc.record({ re: entry, im: entry })
  fc.assert(
    fc.property(number, number, (trace, determinant) => {
      const [a, b] = quadraticRoots(trace, determinant)
      expect(a.re + b.re).toBeCloseTo(trace.re, 9)
      expect(a.im + b.im).toBeCloseTo(trace.im, 9)
      expect(a.re * b.re - a.im * b.im).toBeCloseTo(determinant.re, 6)
      expect(a.re * b.im + a.im * b.re).toBeCloseTo(determinant.im, 6)
      const root = squareRoot(trace)
      expect(root.re ** 2 - root.im ** 2).toBeCloseTo(trace.re, 9)
      expect(2 * root.re * root.im).toBeCloseTo(trace.im, 9)
    }),
    { seed: 1, numRuns: 200 },
  )
})

test('orthonormalising gives orthonormal columns, and the volume that they span', () => {
  const columns = [Float64Array.of(3, 0, 0), Float64Array.of(1, 2, 0), Float64Array.of(5, 5, 0.5)]
  const diagonal = orthonormalise(columns)
  expect(diagonal[0]! * diagonal[1]! * diagonal[2]!).toBeCloseTo(3, 12)
  columns.forEach((a, i) =>
    columns.forEach((b, j) => expect(a.reduce((sum, value, k) => sum + value * b[k]!, 0)).toBeCloseTo(i === j ? 1 : 0, 12)),
  )
})

describe('principal components', () => {
  test('of points on a plane in space are that plane, the longer side first', () => {
    const random = randomFor(3, 'plane')
    const rows = new Float32Array(3 * 500)
    for (let i = 0; i < 500; i++) {
      // 3 along (0.6, 0.8, 0), 1 along z, about (1, 2, 3).
      const [a, b] = [3 * random.normal(), random.normal()]
      rows.set([1 + 0.6 * a, 2 + 0.8 * a, 3 + b], 3 * i)
    }
    const plane = principalPlane(rows, 3)
    expect(plane.explained[0] + plane.explained[1]).toBeCloseTo(1, 6)
    expect(plane.explained[0]).toBeCloseTo(0.9, 1)
    expect(plane.axes[0][2]!).toBeCloseTo(0, 1)
    expect(plane.axes[0][1]! / plane.axes[0][0]!).toBeCloseTo(8 / 6, 1)
    // Distances within the plane are preserved.
    const seen = project(plane, rows)
    const between = (of: Float32Array, size: number): number =>
      Math.hypot(...Array.from({ length: size }, (_, i) => of[i]! - of[size + i]!))
    expect(between(seen, 2)).toBeCloseTo(between(rows, 3), 4)
    expect(project(coordinatePlane(3), rows).slice(2, 4)).toEqual(rows.slice(3, 5))
  })

  test('of points that do not differ are no division by zero', () => {
    const { explained, axes } = principalPlane(new Float32Array(12), 4)
    expect(explained).toEqual([0, 0])
    expect([...axes[0], ...axes[1]].every(Number.isFinite)).toBe(true)
  })
})
