import { dot, norm, scale } from '../../numeric/dense.js'
import { lanczos, type KrylovOptions } from './krylov.js'

/** Gradient of a function at a point. */
export type GradientAt = (place: Float64Array) => Float64Array

export interface Curvature {
  /** Largest algebraic eigenvalue of the Hessian; null if it did not converge. */
  largest: number | null
  /** The smallest one, if it converged too. */
  smallest: number | null
  /** |H x - value x| of the largest one, with the finite differences used. */
  residual: number
  iterations: number
  /** The same with differences of half the width and the same vector: if the two disagree, neither is reliable. */
  atHalf: number | null
}

/**
 * H v by central differences of gradients: the error is of order epsilon^2, in addition to the rounding error of the gradients divided by
 * epsilon.
 */
export function hessianProduct(gradient: GradientAt, place: Float64Array, v: Float64Array, epsilon: number): Float64Array {
  const length = norm(v)
  if (length === 0) return new Float64Array(v.length)
  const moved = (sign: number): Float64Array => gradient(place.map((value, at) => value + (sign * epsilon * v[at]!) / length))
  const [ahead, behind] = [moved(1), moved(-1)]
  return ahead.map((value, at) => ((value - behind[at]!) * length) / (2 * epsilon))
}

/**
 * Largest algebraic eigenvalue of the Hessian by Lanczos on central differences of gradients; the Hessian is never formed.
 * @param epsilon step length in each direction
 * @param onProduct called with the number of products so far
 */
export function curvature(
  gradient: GradientAt,
  place: Float64Array,
  { epsilon, onProduct, ...options }: KrylovOptions & { epsilon: number; onProduct?(count: number): void },
): Curvature {
  let products = 0
  const { found, converged, iterations, smallest, vector } = lanczos(
    {
      size: place.length,
      apply(v) {
        onProduct?.(++products)
        return hessianProduct(gradient, place, v, epsilon)
      },
    },
    options,
  )
  if (!converged || !found[0]) return { largest: null, smallest: null, residual: NaN, iterations, atHalf: null }
  const x = vector()
  scale(x, 1 / norm(x))
  const atHalf = dot(x, hessianProduct(gradient, place, x, epsilon / 2))
  return { largest: found[0].value, smallest, residual: found[0].residual, iterations, atHalf }
}
