import { identity, logDeterminant, multiply, singularValues, square, symmetricEigen, transpose, type Square } from '../dense.js'
import { randomFor } from '../random.js'

/**
 * Linear residual networks, the landscape of Hardt and Ma, "Identity matters in deep learning" (ICLR 2017, arXiv 1611.04231). Column
 * vectors: f(A) = E|y - (I + A_l) ... (I + A_1) x|^2 = |(product - R) S^(1/2)|_F^2 + C with S = E[x x'], the best linear map R and the
 * noise floor C. The excess f - C is computed directly, because a subtraction would cancel near an optimum.
 */
export interface LinearProblem {
  /** The best linear map, R. */
  target: Square
  /** Second moments of the inputs, S. */
  moments: Square
}

/** A network as the maps of its layers: I + A_i for residual layers, W_i for plain ones; the first layer comes first. */
export type Layers = readonly Square[]

export const layersOf = (residuals: readonly Square[]): Square[] =>
  residuals.map(({ size, data }) => {
    const layer = identity(size)
    for (let i = 0; i < data.length; i++) layer.data[i] = layer.data[i]! + data[i]!
    return layer
  })

/** Products before and after each layer: before[i] = F_(i-1) ... F_1, after[i] = F_l ... F_(i+1). */
function around(layers: Layers): { before: Square[]; after: Square[]; whole: Square } {
  const one = identity(layers[0]!.size)
  const before = [one]
  for (const layer of layers) before.push(multiply(layer, before.at(-1)!))
  const after = [one]
  for (const layer of [...layers].reverse()) after.unshift(multiply(after[0]!, layer))
  return { before: before.slice(0, -1), after: after.slice(1), whole: before.at(-1)! }
}

const squaredNorm = ({ data }: Square): number => data.reduce((sum, value) => sum + value * value, 0)

/** The excess over the noise floor, its gradient with respect to every layer, and the squared norm of all of them. */
export function excessAndGradient(
  layers: Layers,
  { target, moments }: LinearProblem,
): { excess: number; gradients: Square[]; gradientNormSquared: number } {
  const { before, after, whole } = around(layers)
  const error = square(target.size)
  for (let i = 0; i < error.data.length; i++) error.data[i] = whole.data[i]! - target.data[i]!
  const weighted = multiply(error, moments)
  const excess = weighted.data.reduce((sum, value, i) => sum + value * error.data[i]!, 0)
  const gradients = layers.map((_, i) => {
    const gradient = multiply(transpose(after[i]!), weighted, transpose(before[i]!))
    for (let k = 0; k < gradient.data.length; k++) gradient.data[k] = 2 * gradient.data[k]!
    return gradient
  })
  return { excess, gradients, gradientNormSquared: gradients.reduce((sum, gradient) => sum + squaredNorm(gradient), 0) }
}

export interface Bounds {
  /** The largest spectral norm of the A_i. */
  tau: number
  /**
   * 4 l (1 - tau)^(2 (l - 1)) s_min(S) excess, a lower bound of the squared norm of the gradient; null if tau >= 1, for which there is no
   * bound. Derived.
   */
  bound: number | null
  /** The same with the smallest singular values of all layers: 4 s_min(S) excess sum_i prod_(j != i) s_min(I + A_j)^2. Derived. */
  tight: number
  /**
   * 4 l (1 - tau)^(l - 1) s_min(S)^2 excess, as eq. 2.3 of the paper is usually quoted (recalled from memory): false in this form. Null if
   * tau >= 1.
   */
  quoted: number | null
}

/** Lower bounds of the squared norm of the gradient at residual layers. */
export function gradientBounds(residuals: readonly Square[], smallestMoment: number, excess: number): Bounds {
  const depth = residuals.length
  const tau = Math.max(...residuals.map((residual) => singularValues(residual)[0]!))
  const smallest = layersOf(residuals).map((layer) => singularValues(layer).at(-1)! ** 2)
  const products = smallest.map((_, i) => smallest.reduce((product, value, j) => (j === i ? product : product * value), 1))
  const common = 4 * smallestMoment * excess
  return {
    tau,
    bound: tau < 1 ? common * depth * (1 - tau) ** (2 * (depth - 1)) : null,
    tight: common * products.reduce((sum, value) => sum + value, 0),
    quoted: tau < 1 ? common * smallestMoment * depth * (1 - tau) ** (depth - 1) : null,
  }
}

/** The smallest eigenvalue of the second moments. */
export const smallestMoment = (moments: Square): number => symmetricEigen(moments).values[0]!

/** The symmetric square root of a symmetric positive semidefinite matrix. */
function squareRoot(matrix: Square): Square {
  const { values, vectors } = symmetricEigen(matrix)
  const columns = { size: matrix.size, data: vectors }
  const roots = square(matrix.size)
  values.forEach((value, i) => (roots.data[i * matrix.size + i] = Math.sqrt(Math.max(0, value))))
  return multiply(columns, roots, transpose(columns))
}

/**
 * Largest eigenvalue of the Hessian of the excess at a minimum with excess 0: twice that of X -> sum_i (P_i P_i') X (R_i' R_i) with R_i =
 * Q_i S^(1/2) and the products P_i after and Q_i before layer i. Derived, following the lemma of Nar and Sastry 2018.
 */
export function sharpnessAtMinimum(layers: Layers, moments: Square): number {
  const { before, after } = around(layers)
  const d = moments.size
  const root = squareRoot(moments)
  const whole = square(d * d)
  for (let l = 0; l < layers.length; l++) {
    const left = multiply(after[l]!, transpose(after[l]!))
    const weighted = multiply(before[l]!, root)
    const right = multiply(transpose(weighted), weighted)
    for (let i = 0; i < d; i++)
      for (let j = 0; j < d; j++)
        for (let k = 0; k < d; k++)
          for (let m = 0; m < d; m++) {
            const at = (i * d + k) * d * d + j * d + m
            whole.data[at] = whole.data[at]! + left.data[i * d + j]! * right.data[k * d + m]!
          }
  }
  return 2 * symmetricEigen(whole).values.at(-1)!
}

/**
 * The statement of Theorem 2.1 for a target with positive determinant: an optimum with max |A_i| of at most this, with gamma = max |log
 * s(R)|. `first` is (4 pi + 3 gamma) / l for l >= 3 gamma (read); `later` is 2 (sqrt(pi) + sqrt(3 gamma))^2 / l, from the later version
 * (recalled from memory).
 */
export const optimumBounds = (gamma: number, depth: number): { first: number; later: number } => ({
  first: (4 * Math.PI + 3 * gamma) / depth,
  later: (2 * (Math.sqrt(Math.PI) + Math.sqrt(3 * gamma)) ** 2) / depth,
})

/**
 * max |A_i| of a constructed optimum for a target with positive determinant: with the polar form R = U P, one half of the layers are roots
 * of the rotation U, the other half roots of P, so that it is max(2 sin(theta / 2k), max |s^(1/k) - 1|) with k layers of each, the angles
 * theta of U and the singular values s of R; for one layer it is |R - I|. Derived; it shows that optima as small as Theorem 2.1 states
 * exist.
 */
export function builtOptimum(target: Square, depth: number): number {
  if (depth === 1)
    return singularValues({
      size: target.size,
      data: target.data.map((value, at) => (at % (target.size + 1) === 0 ? value - 1 : value)),
    })[0]!
  const roots = Math.floor(depth / 2)
  const { values, vectors } = symmetricEigen(multiply(transpose(target), target))
  const columns = { size: target.size, data: vectors }
  const inverse = square(target.size)
  values.forEach((value, i) => (inverse.data[i * target.size + i] = 1 / Math.sqrt(value)))
  const rotation = multiply(target, columns, inverse, transpose(columns))
  const turned = transpose(rotation)
  // Its eigenvalues are the cosines of the angles, in ascending order.
  const symmetric = { size: target.size, data: rotation.data.map((value, at) => (value + turned.data[at]!) / 2) }
  const angle = Math.acos(Math.max(-1, Math.min(1, symmetricEigen(symmetric).values[0]!)))
  const stretches = Array.from(values, (value) => Math.abs(value ** (1 / (2 * roots)) - 1))
  return Math.max(2 * Math.sin(angle / (2 * roots)), ...stretches)
}

/** gamma = max |log s(R)|. */
export const gammaOf = (target: Square): number => Math.max(...Array.from(singularValues(target), (value) => Math.abs(Math.log(value))))

/** 1, -1, or 0 for a singular target. */
export const determinantSign = (target: Square): number => logDeterminant(target).sign

/**
 * R = I + deviation N with normally distributed N, with a positive determinant: if it is negative, the sign of the first row is flipped. S
 * has 0.5 to 1.5 on its diagonal.
 */
export function drawProblem(size: number, deviation: number, seed: number): LinearProblem {
  const random = randomFor(seed, 'theory/linear-residual/target', size)
  const target = identity(size)
  for (let i = 0; i < target.data.length; i++) target.data[i] = target.data[i]! + deviation * random.normal()
  if (determinantSign(target) < 0) for (let j = 0; j < size; j++) target.data[j] = -target.data[j]!
  const moments = square(size)
  for (let i = 0; i < size; i++) moments.data[i * size + i] = size === 1 ? 1 : 0.5 + i / (size - 1)
  return { target, moments }
}

/** The smallest target with a negative determinant: one number, R = -1, with inputs of variance 1. */
export const negativeProblem = (): LinearProblem => ({ target: identity(1, -1), moments: identity(1) })

/** Plain layers with normally distributed entries with this standard deviation divided by the square root of the size. */
export function drawPlain(size: number, depth: number, deviation: number, seed: number): Square[] {
  const random = randomFor(seed, 'theory/linear-residual/plain', depth)
  return Array.from({ length: depth }, () => {
    const layer = square(size)
    for (let i = 0; i < layer.data.length; i++) layer.data[i] = (deviation * random.normal()) / Math.sqrt(size)
    return layer
  })
}

export interface DescentRecord {
  step: number
  excess: number
  gradientNormSquared: number
  /** For residual layers. */
  bounds: Bounds | null
}

/** Relative rounding error that an inequality may have. */
const SLACK = 1e-9

/** Whether bound <= tight bound <= |gradient|^2 holds; an undefined bound counts as satisfied. */
export const holds = ({ gradientNormSquared, bounds }: DescentRecord): boolean =>
  bounds === null || ((bounds.bound ?? 0) <= bounds.tight * (1 + SLACK) && bounds.tight <= gradientNormSquared * (1 + SLACK))

/**
 * Gradient descent on all layers.
 * @param start residual layers by their A_i, or plain layers by their W_i; they are changed
 * @param record called at every step, from step 0 on
 */
export function descend(
  start: readonly Square[],
  kind: 'residual' | 'plain',
  problem: LinearProblem,
  { rate, steps, record }: { rate: number; steps: number; record(record: DescentRecord): void },
): void {
  const smallest = smallestMoment(problem.moments)
  for (let step = 0; step <= steps; step++) {
    const { excess, gradients, gradientNormSquared } = excessAndGradient(kind === 'residual' ? layersOf(start) : start, problem)
    record({ step, excess, gradientNormSquared, bounds: kind === 'residual' ? gradientBounds(start, smallest, excess) : null })
    if (step === steps) return
    start.forEach(({ data }, at) => {
      for (let i = 0; i < data.length; i++) data[i] = data[i]! - rate * gradients[at]!.data[i]!
    })
  }
}

/** Two problems for which the usually quoted bound exceeds the squared norm of the gradient. */
export function counterexamples(): { name: string; gradientNormSquared: number; bound: number; quoted: number; excess: number }[] {
  const cases = [
    { name: 'A = −0.4 I, 5 layers, S = I, R = 2 I', residuals: Array.from({ length: 5 }, () => identity(2, -0.4)), scale: 1, target: 2 },
    { name: 'A = 0, 3 layers, S = 4 I, R = 2 I', residuals: Array.from({ length: 3 }, () => square(2)), scale: 4, target: 2 },
  ]
  return cases.map(({ name, residuals, scale, target }) => {
    const problem = { target: identity(2, target), moments: identity(2, scale) }
    const { excess, gradientNormSquared } = excessAndGradient(layersOf(residuals), problem)
    const { bound, quoted } = gradientBounds(residuals, smallestMoment(problem.moments), excess)
    return { name, gradientNormSquared, bound: bound!, quoted: quoted!, excess }
  })
}
