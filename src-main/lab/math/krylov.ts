import { randomFor } from '../../numeric/random.js'
import { dot, norm, scale, square, subtract, symmetricEigen, type Square } from '../../numeric/dense.js'
import { eigenvalues, lastComponent, modulus, type Complex } from './eigenvalues.js'

/** A linear map of vectors of one length, given by its matrix-vector products. */
export interface Operator {
  size: number
  apply(v: Float64Array): Float64Array
}

/** A linear map between two spaces, given by products with it and its transpose. */
export interface Rectangular {
  rows: number
  columns: number
  apply(v: Float64Array): Float64Array
  adjoint(u: Float64Array): Float64Array
}

export interface KrylovOptions {
  /** Maximum number of products. */
  iterations: number
  /** Tolerance of the residuals, relative to the largest value. */
  tolerance: number
  /** Determines the start vector. */
  seed: number
}

export interface Ritz<Value> {
  value: Value
  /** |A x - value x| for a unit vector x: a symmetric map has an eigenvalue within this distance. */
  residual: number
}

export interface KrylovResult<Value> {
  /** Converged values in descending order of magnitude. */
  found: Ritz<Value>[]
  /** Whether the largest is among them. */
  converged: boolean
  iterations: number
}

/** Number of iterations between convergence checks of the largest value. */
const LOOK_EVERY = 5

function startVector(size: number, seed: number): Float64Array {
  const random = randomFor(seed, 'lab/krylov')
  const v = Float64Array.from({ length: size }, () => random.normal())
  scale(v, 1 / norm(v))
  return v
}

/** Orthogonalises w against the basis, twice; returns the sum of the coefficients of both passes. */
function orthogonalise(w: Float64Array, basis: readonly Float64Array[]): Float64Array {
  const coefficients = new Float64Array(basis.length)
  for (let again = 0; again < 2; again++)
    basis.forEach((v, at) => {
      const along = dot(w, v)
      subtract(w, along, v)
      coefficients[at] = coefficients[at]! + along
    })
  return coefficients
}

/** Whether the subspace is invariant up to rounding, so that further iterations find nothing new. */
const exhausted = (rest: number, size: number): boolean => rest <= 1e-12 * size

/** The converged Ritz pairs by magnitude; the largest, or both ends, must be among them. */
function judge<Value>(
  pairs: Ritz<Value>[],
  of: (value: Value) => number,
  { tolerance }: KrylovOptions,
): Omit<KrylovResult<Value>, 'iterations'> {
  const sorted = pairs.sort((a, b) => of(b.value) - of(a.value))
  const largest = Math.max(...pairs.map(({ value }) => Math.abs(of(value))), Number.MIN_VALUE)
  const isFound = ({ residual }: Ritz<Value>): boolean => residual <= tolerance * largest
  return { found: sorted.filter(isFound), converged: sorted.length > 0 && isFound(sorted[0]!) }
}

/**
 * Extreme eigenvalues of a symmetric map, by Lanczos with full reorthogonalisation (Golub and Van Loan, "Matrix computations", section
 * 10.3).
 * @returns the largest algebraic ones first
 */
export function lanczos(map: Operator, options: KrylovOptions): LanczosResult {
  const basis: Float64Array[] = [startVector(map.size, options.seed)]
  const [alpha, beta]: [number[], number[]] = [[], []]
  for (let step = 1; ; step++) {
    const w = map.apply(basis[step - 1]!)
    alpha.push(orthogonalise(w, basis)[step - 1]!)
    const rest = norm(w)
    const size = Math.max(...alpha.map(Math.abs), ...beta, Number.MIN_VALUE)
    const last = step >= Math.min(options.iterations, map.size) || exhausted(rest, size)
    if (last || step % LOOK_EVERY === 0) {
      const { values, vectors } = symmetricEigen(tridiagonal(alpha, beta))
      const pairs = [...values].map((value, at) => ({ value, residual: rest * Math.abs(vectors[(step - 1) * step + at]!) }))
      const judged = judge(pairs, (value) => value, options)
      if (last || judged.converged) {
        const least = judged.found.at(-1)
        const combined = (): Float64Array => combine(basis.slice(0, step), (at) => vectors[at * step + step - 1]!)
        return { ...judged, iterations: step, smallest: least && least.value === values[0] ? least.value : null, vector: combined }
      }
    }
    beta.push(rest)
    scale(w, 1 / rest)
    basis.push(w)
  }
}

export interface LanczosResult extends KrylovResult<number> {
  /** The smallest algebraic eigenvalue, if it converged too. */
  smallest: number | null
  /** Ritz vector of the largest. */
  vector(): Float64Array
}

function combine(basis: readonly Float64Array[], coefficient: (at: number) => number): Float64Array {
  const sum = new Float64Array(basis[0]!.length)
  basis.forEach((v, at) => subtract(sum, -coefficient(at), v))
  return sum
}

function tridiagonal(diagonal: readonly number[], beside: readonly number[]): Square {
  const { size, data } = square(diagonal.length)
  diagonal.forEach((value, i) => (data[i * size + i] = value))
  beside.slice(0, size - 1).forEach((value, i) => (data[i * size + i + 1] = data[(i + 1) * size + i] = value))
  return { size, data }
}

/**
 * Largest singular values, by Golub-Kahan bidiagonalisation with full reorthogonalisation (Golub and Van Loan, "Matrix computations",
 * section 10.4).
 */
export function golubKahan(map: Rectangular, options: KrylovOptions): KrylovResult<number> {
  const right: Float64Array[] = [startVector(map.columns, options.seed)]
  const left: Float64Array[] = []
  const [alpha, beta]: [number[], number[]] = [[], []]
  for (let step = 1; ; step++) {
    const u = map.apply(right[step - 1]!)
    orthogonalise(u, left)
    const length = norm(u)
    alpha.push(length)
    const size = Math.max(...alpha, ...beta, Number.MIN_VALUE)
    if (!exhausted(length, size)) scale(u, 1 / length)
    left.push(u)
    const w = exhausted(length, size) ? new Float64Array(map.columns) : map.adjoint(u)
    orthogonalise(w, right)
    const rest = norm(w)
    const last = step >= Math.min(options.iterations, map.rows, map.columns) || exhausted(rest, size)
    if (last || step % LOOK_EVERY === 0) {
      const { values, vectors } = symmetricEigen(outerOfBidiagonal(alpha, beta))
      const pairs = [...values].map((value, at) => ({
        value: Math.sqrt(Math.max(0, value)),
        residual: rest * Math.abs(vectors[(step - 1) * step + at]!),
      }))
      const judged = judge(pairs, (value) => value, options)
      if (last || judged.converged) return { ...judged, iterations: step }
    }
    beta.push(rest)
    scale(w, 1 / rest)
    right.push(w)
  }
}

/** B B' of the upper bidiagonal B with alpha on its diagonal and beta above it. */
function outerOfBidiagonal(alpha: readonly number[], beta: readonly number[]): Square {
  const above = (i: number): number => (i < alpha.length - 1 ? beta[i]! : 0)
  return tridiagonal(
    alpha.map((value, i) => value * value + above(i) ** 2),
    alpha.slice(1).map((value, i) => value * above(i)),
  )
}

/**
 * Eigenvalues of a general map, those at the edge of its spectrum first, by Arnoldi with full reorthogonalisation (Golub and Van Loan,
 * "Matrix computations", section 10.5). For a map that is far from normal, a small residual does not bound the error of an eigenvalue.
 */
export function arnoldi(map: Operator, options: KrylovOptions): KrylovResult<Complex> {
  const most = Math.min(options.iterations, map.size)
  const basis: Float64Array[] = [startVector(map.size, options.seed)]
  const columns: Float64Array[] = []
  for (let step = 1; ; step++) {
    const w = map.apply(basis[step - 1]!)
    const along = orthogonalise(w, basis)
    const rest = norm(w)
    columns.push(Float64Array.of(...along, rest))
    const size = Math.max(...columns.map((column) => norm(column)), Number.MIN_VALUE)
    const last = step >= most || exhausted(rest, size)
    if (last || step % (2 * LOOK_EVERY) === 0) {
      const projected = square(step)
      columns.forEach((column, j) => column.slice(0, step).forEach((value, i) => (projected.data[i * step + j] = value)))
      const pairs = eigenvalues(projected).map((value) => ({ value, residual: rest === 0 ? 0 : rest * lastComponent(projected, value) }))
      const judged = judge(pairs, modulus, options)
      if (last || judged.converged) return { ...judged, iterations: step }
    }
    scale(w, 1 / rest)
    basis.push(w)
  }
}
