/** Square matrices row by row, in double precision. */
export type Square = { size: number; data: Float64Array }

export const square = (size: number): Square => ({ size, data: new Float64Array(size * size) })

/**
 * Logarithm of the absolute value of a determinant, and its sign, by elimination with partial pivoting. For a singular matrix the logarithm
 * is -Infinity and the sign 0.
 */
export function logDeterminant({ size, data }: Square): { logAbs: number; sign: number } {
  const a = data.slice()
  let [logAbs, sign] = [0, 1]
  for (let k = 0; k < size; k++) {
    let pivot = k
    for (let i = k + 1; i < size; i++) if (Math.abs(a[i * size + k]!) > Math.abs(a[pivot * size + k]!)) pivot = i
    if (pivot !== k) {
      for (let j = k; j < size; j++) {
        const held = a[k * size + j]!
        a[k * size + j] = a[pivot * size + j]!
        a[pivot * size + j] = held
      }
      sign = -sign
    }
    const diagonal = a[k * size + k]!
    if (diagonal === 0) return { logAbs: -Infinity, sign: 0 }
    if (Number.isNaN(diagonal)) return { logAbs: NaN, sign: NaN }
    logAbs += Math.log(Math.abs(diagonal))
    if (diagonal < 0) sign = -sign
    for (let i = k + 1; i < size; i++) {
      const factor = a[i * size + k]! / diagonal
      if (factor !== 0) for (let j = k + 1; j < size; j++) a[i * size + j] = a[i * size + j]! - factor * a[k * size + j]!
    }
  }
  return { logAbs, sign }
}

/**
 * Eigenvalues in ascending order, and orthonormal eigenvectors of a symmetric matrix, by cyclic Jacobi rotations (Golub and Van Loan,
 * "Matrix computations", section 8.5).
 * @returns vector j is column j: component i at `vectors[i * size + j]`
 */
export function symmetricEigen({ size: n, data }: Square): { values: Float64Array; vectors: Float64Array } {
  const a = data.slice()
  const v = new Float64Array(n * n)
  for (let i = 0; i < n; i++) v[i * n + i] = 1
  const whole = Math.sqrt(a.reduce((sum, value) => sum + value * value, 0))
  for (let sweep = 0; sweep < 60; sweep++) {
    let off = 0
    for (let p = 0; p < n; p++) for (let q = p + 1; q < n; q++) off += a[p * n + q]! ** 2
    if (Math.sqrt(off) <= 1e-15 * whole) break
    for (let p = 0; p < n; p++) for (let q = p + 1; q < n; q++) rotate(a, v, n, p, q)
  }
  const order = Array.from({ length: n }, (_, i) => i).sort((i, j) => a[i * n + i]! - a[j * n + j]!)
  const vectors = new Float64Array(n * n)
  order.forEach((from, to) => {
    for (let i = 0; i < n; i++) vectors[i * n + to] = v[i * n + from]!
  })
  return { values: Float64Array.from(order, (i) => a[i * n + i]!), vectors }
}

function rotate(a: Float64Array, v: Float64Array, n: number, p: number, q: number): void {
  const apq = a[p * n + q]!
  if (apq === 0) return
  const theta = (a[q * n + q]! - a[p * n + p]!) / (2 * apq)
  const t = Math.sign(theta || 1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1))
  const c = 1 / Math.sqrt(t * t + 1)
  const s = t * c
  for (let i = 0; i < n; i++) {
    const [ip, iq] = [a[i * n + p]!, a[i * n + q]!]
    a[i * n + p] = c * ip - s * iq
    a[i * n + q] = s * ip + c * iq
  }
  for (let j = 0; j < n; j++) {
    const [pj, qj] = [a[p * n + j]!, a[q * n + j]!]
    a[p * n + j] = c * pj - s * qj
    a[q * n + j] = s * pj + c * qj
  }
  for (let i = 0; i < n; i++) {
    const [ip, iq] = [v[i * n + p]!, v[i * n + q]!]
    v[i * n + p] = c * ip - s * iq
    v[i * n + q] = s * ip + c * iq
  }
}

/**
 * An orthonormal basis of the columns of a matrix [rows, columns], in place, and the diagonal of R, by modified Gram-Schmidt applied twice.
 */
export function orthonormalise(columns: Float64Array[]): Float64Array {
  const diagonal = new Float64Array(columns.length)
  columns.forEach((column, at) => {
    for (let again = 0; again < 2; again++) for (const before of columns.slice(0, at)) subtract(column, dot(column, before), before)
    const length = norm(column)
    diagonal[at] = length
    scale(column, length === 0 ? 0 : 1 / length)
  })
  return diagonal
}

export function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!
  return sum
}

export const norm = (a: Float64Array): number => Math.sqrt(dot(a, a))

/** a -= factor b, in place. */
export function subtract(a: Float64Array, factor: number, b: Float64Array): void {
  for (let i = 0; i < a.length; i++) a[i] = a[i]! - factor * b[i]!
}

/** a *= factor, in place. */
export function scale(a: Float64Array, factor: number): void {
  for (let i = 0; i < a.length; i++) a[i] = a[i]! * factor
}

export function identity(size: number, factor = 1): Square {
  const one = square(size)
  for (let i = 0; i < size; i++) one.data[i * size + i] = factor
  return one
}

export function transpose({ size, data }: Square): Square {
  const turned = square(size)
  for (let i = 0; i < size; i++) for (let j = 0; j < size; j++) turned.data[j * size + i] = data[i * size + j]!
  return turned
}

/** The product of square matrices of equal size, from left to right. */
export const multiply = (first: Square, ...others: readonly Square[]): Square =>
  others.reduce((left, right) => {
    const size = left.size
    const product = square(size)
    for (let i = 0; i < size; i++)
      for (let k = 0; k < size; k++) {
        const factor = left.data[i * size + k]!
        for (let j = 0; j < size; j++) product.data[i * size + j] = product.data[i * size + j]! + factor * right.data[k * size + j]!
      }
    return product
  }, first)

/**
 * Singular values in descending order, by one-sided Jacobi rotations, which compute small ones to high relative accuracy (Golub and Van
 * Loan, "Matrix computations", section 8.6).
 */
export function singularValues({ size: n, data }: Square): Float64Array {
  // Columns as rows, so that each is contiguous.
  const columns = Array.from({ length: n }, (_, j) => Float64Array.from({ length: n }, (_unused, i) => data[i * n + j]!))
  for (let sweep = 0; sweep < 60; sweep++) {
    let turned = false
    for (let p = 0; p < n; p++)
      for (let q = p + 1; q < n; q++) {
        const [x, y] = [columns[p]!, columns[q]!]
        const [xx, yy, xy] = [dot(x, x), dot(y, y), dot(x, y)]
        if (xy === 0 || Math.abs(xy) <= 1e-16 * Math.sqrt(xx * yy)) continue
        turned = true
        const zeta = (yy - xx) / (2 * xy)
        const t = Math.sign(zeta || 1) / (Math.abs(zeta) + Math.sqrt(1 + zeta * zeta))
        const c = 1 / Math.sqrt(1 + t * t)
        for (let i = 0; i < n; i++) {
          const [xi, yi] = [x[i]!, y[i]!]
          x[i] = c * xi - c * t * yi
          y[i] = c * t * xi + c * yi
        }
      }
    if (!turned) break
  }
  return Float64Array.from(columns, norm).sort((a, b) => b - a)
}

/**
 * The solution of A x = b with a symmetric positive definite A, by Cholesky's method; null if a pivot is not positive. Golub and Van Loan,
 * "Matrix computations", section 4.2.
 */
export function solvePositive({ size: n, data }: Square, b: Float64Array): Float64Array | null {
  const lower = new Float64Array(n * n)
  for (let j = 0; j < n; j++)
    for (let i = j; i < n; i++) {
      let sum = data[i * n + j]!
      for (let k = 0; k < j; k++) sum -= lower[i * n + k]! * lower[j * n + k]!
      if (i > j) lower[i * n + j] = sum / lower[j * n + j]!
      else if (sum > 0) lower[j * n + j] = Math.sqrt(sum)
      else return null
    }
  const x = b.slice()
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < i; k++) x[i] = x[i]! - lower[i * n + k]! * x[k]!
    x[i] = x[i]! / lower[i * n + i]!
  }
  for (let i = n - 1; i >= 0; i--) {
    for (let k = i + 1; k < n; k++) x[i] = x[i]! - lower[k * n + i]! * x[k]!
    x[i] = x[i]! / lower[i * n + i]!
  }
  return x
}
