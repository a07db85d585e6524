import { solvePositive, square } from './dense.js'

/** Features [images, width] row by row, with the class of each image. */
export interface HeadProblem {
  features: ArrayLike<number>
  labels: ArrayLike<number>
  width: number
  classes: number
  /** mu in mu/2 (|W|^2 + |b|^2); above 0, so that there is a unique solution even if the classes are separable. */
  decay: number
}

export interface SolvedHead {
  /** [width, classes], then the biases [classes]. */
  weights: Float64Array
  /** Mean cross-entropy in nats plus the penalty. */
  value: number
  /** Largest entry of the remaining gradient. */
  residual: number
  iterations: number
}

/** Maximum number of parameters for which the dense Hessian is used. */
export const MOST_HEAD_PARAMETERS = 1024

const ITERATIONS = 100
/** Constant of Armijo's rule. */
const SLOPE = 1e-4
/** Gradient at which the problem counts as solved: the accuracy of float64 sums over images. */
const SOLVED = 1e-12

/**
 * The optimal last layer for given features, in double precision: min over W, b of the mean cross-entropy of softmax(Y W + b) plus mu/2
 * (|W|^2 + |b|^2), which is convex, by Newton's method with Armijo line search. The inner problem of variable projection (VarPro): at its
 * solution, the gradient of the reduced loss is the partial derivative with respect to the features. Haber and Ruthotto 2017, section 5;
 * Golub and Pereyra 1973.
 * @param start initial weights
 */
export function solveHead(problem: HeadProblem, start: Float64Array): SolvedHead {
  let weights: Float64Array = start.slice()
  let at = derivatives(problem, weights)
  for (let iteration = 0; ; iteration++) {
    const residual = at.gradient.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
    const done = { weights, value: at.value, residual, iterations: iteration }
    if (residual <= SOLVED || iteration === ITERATIONS) return done
    const step = solvePositive({ size: weights.length, data: at.hessian }, at.gradient)
    if (!step) return done
    const slope = step.reduce((sum, value, i) => sum + value * at.gradient[i]!, 0)
    let moved: Float64Array | null = null
    for (let length = 1; length > 1e-10; length /= 2) {
      const there = weights.map((value, i) => value - length * step[i]!)
      // Close to the solution, rounding determines whether the value decreases: a full step is then accepted as it is.
      if (lossOf(problem, there) <= at.value - SLOPE * length * slope + 1e-15 * Math.abs(at.value)) {
        moved = there
        break
      }
    }
    if (!moved) return done
    weights = moved
    at = derivatives(problem, weights)
  }
}

/** Probabilities of one image into `into`, and its cross-entropy. */
function softmax({ features, labels, width, classes }: HeadProblem, weights: Float64Array, image: number, into: Float64Array): number {
  for (let c = 0; c < classes; c++) {
    let sum = weights[width * classes + c]!
    for (let i = 0; i < width; i++) sum += features[image * width + i]! * weights[i * classes + c]!
    into[c] = sum
  }
  const largest = into.reduce((most, value) => Math.max(most, value), -Infinity)
  const own = into[labels[image]!]!
  let total = 0
  for (let c = 0; c < classes; c++) {
    into[c] = Math.exp(into[c]! - largest)
    total += into[c]!
  }
  for (let c = 0; c < classes; c++) into[c] = into[c]! / total
  return Math.log(total) + largest - own
}

const penaltyOf = ({ decay }: HeadProblem, weights: Float64Array): number =>
  (decay / 2) * weights.reduce((sum, value) => sum + value * value, 0)

function lossOf(problem: HeadProblem, weights: Float64Array): number {
  const probabilities = new Float64Array(problem.classes)
  const count = problem.labels.length
  let sum = 0
  for (let image = 0; image < count; image++) sum += softmax(problem, weights, image, probabilities)
  return sum / count + penaltyOf(problem, weights)
}

/** Value, gradient and Hessian at these weights. */
function derivatives(problem: HeadProblem, weights: Float64Array): { value: number; gradient: Float64Array; hessian: Float64Array } {
  const { features, labels, width, classes, decay } = problem
  const count = labels.length
  const size = weights.length
  const gradient = weights.map((value) => decay * value)
  const { data: hessian } = square(size)
  for (let i = 0; i < size; i++) hessian[i * size + i] = decay
  const p = new Float64Array(classes)
  let sum = 0
  // With 1 in place of a feature for the biases.
  const feature = (image: number, i: number): number => (i < width ? features[image * width + i]! : 1)
  for (let image = 0; image < count; image++) {
    sum += softmax(problem, weights, image, p)
    for (let i = 0; i <= width; i++) {
      const y = feature(image, i) / count
      for (let c = 0; c < classes; c++) {
        const row = i * classes + c
        gradient[row] = gradient[row]! + y * (p[c]! - (labels[image] === c ? 1 : 0))
        for (let j = 0; j <= i; j++) {
          const both = y * feature(image, j) * p[c]!
          for (let d = 0; d < classes; d++) {
            const column = j * classes + d
            hessian[row * size + column] = hessian[row * size + column]! + both * ((c === d ? 1 : 0) - p[d]!)
          }
        }
      }
    }
  }
  for (let row = 0; row < size; row++)
    for (let column = 0; column < row; column++) hessian[column * size + row] = hessian[row * size + column]!
  return { value: sum / count + penaltyOf(problem, weights), gradient, hessian }
}
