import type { Square } from '../../numeric/dense.js'

export interface Complex {
  re: number
  im: number
}

export const modulus = ({ re, im }: Complex): number => Math.hypot(re, im)

/** Both square roots of a complex number: this one and its negative. */
export function squareRoot({ re, im }: Complex): Complex {
  const length = Math.hypot(re, im)
  const real = Math.sqrt(Math.max(0, (length + re) / 2))
  const imaginary = Math.sqrt(Math.max(0, (length - re) / 2))
  return { re: real, im: im < 0 ? -imaginary : imaginary }
}

const multiply = (a: Complex, b: Complex): Complex => ({ re: a.re * b.re - a.im * b.im, im: a.re * b.im + a.im * b.re })
const conjugate = ({ re, im }: Complex): Complex => ({ re, im: -im })
const minus = (a: Complex, b: Complex): Complex => ({ re: a.re - b.re, im: a.im - b.im })
const plus = (a: Complex, b: Complex): Complex => ({ re: a.re + b.re, im: a.im + b.im })
const times = (a: Complex, factor: number): Complex => ({ re: a.re * factor, im: a.im * factor })
const divide = (a: Complex, b: Complex): Complex => {
  const length = b.re * b.re + b.im * b.im
  return times(multiply(a, conjugate(b)), 1 / length)
}

/** Roots of x^2 - trace x + determinant. */
export function quadraticRoots(trace: Complex, determinant: Complex): [Complex, Complex] {
  const half = times(trace, 0.5)
  const root = squareRoot(minus(multiply(half, half), determinant))
  return [plus(half, root), minus(half, root)]
}

/** Relative rounding error of a double. */
const EPSILON = 2 ** -52

/** Thrown if an iteration did not converge: no value is better than a wrong one. */
export class NotConverged extends Error {
  override readonly name = 'NotConverged'
}

const largestEntry = ({ data }: Square): number => data.reduce((most, value) => Math.max(most, Math.abs(value)), 0)

/** A similar matrix with zeros below the first subdiagonal, by elimination (EISPACK's elmhes). */
function hessenberg({ size: n, data }: Square): Float64Array {
  const a = data.slice()
  for (let m = 1; m < n - 1; m++) {
    let pivot = m
    for (let i = m; i < n; i++) if (Math.abs(a[i * n + m - 1]!) > Math.abs(a[pivot * n + m - 1]!)) pivot = i
    if (a[pivot * n + m - 1] === 0) continue
    if (pivot !== m) {
      for (let j = m - 1; j < n; j++) [a[m * n + j], a[pivot * n + j]] = [a[pivot * n + j]!, a[m * n + j]!]
      for (let i = 0; i < n; i++) [a[i * n + m], a[i * n + pivot]] = [a[i * n + pivot]!, a[i * n + m]!]
    }
    for (let i = m + 1; i < n; i++) {
      const factor = a[i * n + m - 1]! / a[m * n + m - 1]!
      if (factor === 0) continue
      for (let j = m - 1; j < n; j++) a[i * n + j] = a[i * n + j]! - factor * a[m * n + j]!
      for (let k = 0; k < n; k++) a[k * n + m] = a[k * n + m]! + factor * a[k * n + i]!
    }
  }
  return a
}

/**
 * Eigenvalues of a real matrix, by the complex QR algorithm with Wilkinson's shifts on its Hessenberg form (Golub and Van Loan, "Matrix
 * computations", section 7.5; as LAPACK's zlahqr).
 * @throws NotConverged
 */
export function eigenvalues(matrix: Square): Complex[] {
  const n = matrix.size
  // Scaled, so that no product of entries under- or overflows.
  const scale = largestEntry(matrix)
  if (scale === 0) return Array.from({ length: n }, () => ({ re: 0, im: 0 }))
  const re = hessenberg({ size: n, data: matrix.data.map((value) => value / scale) })
  const im = new Float64Array(n * n)
  const at = (i: number, j: number): Complex => ({ re: re[i * n + j]!, im: im[i * n + j]! })
  const put = (i: number, j: number, value: Complex): void => {
    re[i * n + j] = value.re
    im[i * n + j] = value.im
  }
  const values: Complex[] = []
  let iterations = 0
  for (let high = n - 1; high >= 0;) {
    let low = high
    for (; low > 0; low--) {
      const beside = modulus(at(low - 1, low - 1)) + modulus(at(low, low))
      if (modulus(at(low, low - 1)) <= EPSILON * Math.max(beside, EPSILON)) break
    }
    if (low === high) {
      values.push(times(at(high, high), scale))
      high--
      iterations = 0
      continue
    }
    if (++iterations > 300) throw new NotConverged(`the QR algorithm did not find the eigenvalues of a matrix of ${n} rows`)
    const shift = iterations % 11 === 10 ? exceptional(at, high) : wilkinson(at, high)
    qrStep(at, put, low, high, shift)
  }
  return values
}

type Read = (i: number, j: number) => Complex

/** The eigenvalue of the last 2x2 block that is nearer to the last diagonal entry. */
function wilkinson(at: Read, high: number): Complex {
  const [a, b, c, d] = [at(high - 1, high - 1), at(high - 1, high), at(high, high - 1), at(high, high)]
  const [first, second] = quadraticRoots(plus(a, d), minus(multiply(a, d), multiply(b, c)))
  return modulus(minus(first, d)) < modulus(minus(second, d)) ? first : second
}

const exceptional = (at: Read, high: number): Complex =>
  plus(at(high, high), { re: modulus(at(high, high - 1)) + (high > 1 ? modulus(at(high - 1, high - 2)) : 0), im: 0 })

/** One explicit QR step on rows and columns low to high. */
function qrStep(at: Read, put: (i: number, j: number, value: Complex) => void, low: number, high: number, shift: Complex): void {
  for (let i = low; i <= high; i++) put(i, i, minus(at(i, i), shift))
  const rotations: { c: number; s: Complex }[] = []
  for (let k = low; k < high; k++) {
    const [a, b] = [at(k, k), at(k + 1, k)]
    const [lengthA, length] = [modulus(a), Math.hypot(modulus(a), modulus(b))]
    // The phase of an entry that is nearly 0 is meaningless, and its reciprocal overflows.
    const none = lengthA < 1e-300
    const c = length === 0 ? 1 : none ? 0 : lengthA / length
    const phase = none ? { re: 1, im: 0 } : times(a, 1 / lengthA)
    const s = length === 0 ? { re: 0, im: 0 } : times(multiply(phase, conjugate(b)), 1 / length)
    rotations.push({ c, s })
    for (let j = k; j <= high; j++) {
      const [x, y] = [at(k, j), at(k + 1, j)]
      put(k, j, plus(times(x, c), multiply(s, y)))
      put(k + 1, j, minus(times(y, c), multiply(conjugate(s), x)))
    }
  }
  rotations.forEach(({ c, s }, index) => {
    const k = low + index
    for (let i = low; i <= Math.min(k + 2, high); i++) {
      const [x, y] = [at(i, k), at(i, k + 1)]
      put(i, k, plus(times(x, c), multiply(conjugate(s), y)))
      put(i, k + 1, minus(times(y, c), multiply(s, x)))
    }
  })
  for (let i = low; i <= high; i++) put(i, i, plus(at(i, i), shift))
}

/**
 * Absolute value of the last component of a unit eigenvector of a real matrix, by inverse iteration: together with Arnoldi's last
 * coefficient it gives the residual of a Ritz pair.
 */
export function lastComponent({ size: n, data }: Square, value: Complex): number {
  const size = Math.max(largestEntry({ size: n, data }), 1e-300)
  // Shifted off the eigenvalue by rounding, so that the matrix is invertible.
  const shift = { re: value.re + 1e-10 * size, im: value.im }
  const a = Array.from({ length: n }, (_, i) =>
    Array.from({ length: n }, (_unused, j): Complex => ({ re: data[i * n + j]! - (i === j ? shift.re : 0), im: i === j ? -shift.im : 0 })),
  )
  // Any start vector that is not close to an eigenvector.
  let x = Array.from({ length: n }, (_, i): Complex => ({ re: 1 + Math.sin(1.7 * i + 1), im: Math.cos(2.3 * i) }))
  for (let again = 0; again < 3; again++) {
    x = solve(a, x)
    const length = Math.hypot(...x.map(modulus))
    x = x.map((one) => times(one, 1 / length))
  }
  return modulus(x[n - 1]!)
}

/** The solution of a x = b by Gaussian elimination with partial pivoting. */
function solve(given: readonly (readonly Complex[])[], right: readonly Complex[]): Complex[] {
  const n = right.length
  const a = given.map((row) => [...row])
  const b = [...right]
  for (let k = 0; k < n; k++) {
    let pivot = k
    for (let i = k + 1; i < n; i++) if (modulus(a[i]![k]!) > modulus(a[pivot]![k]!)) pivot = i
    ;[a[k], a[pivot]] = [a[pivot]!, a[k]!]
    ;[b[k], b[pivot]] = [b[pivot]!, b[k]!]
    if (modulus(a[k]![k]!) === 0) a[k]![k] = { re: 1e-300, im: 0 }
    for (let i = k + 1; i < n; i++) {
      if (modulus(a[i]![k]!) === 0) continue
      const factor = divide(a[i]![k]!, a[k]![k]!)
      for (let j = k + 1; j < n; j++) a[i]![j] = minus(a[i]![j]!, multiply(factor, a[k]![j]!))
      b[i] = minus(b[i]!, multiply(factor, b[k]!))
    }
  }
  for (let k = n - 1; k >= 0; k--) {
    for (let j = k + 1; j < n; j++) b[k] = minus(b[k]!, multiply(a[k]![j]!, b[j]!))
    b[k] = divide(b[k]!, a[k]![k]!)
  }
  return b
}
