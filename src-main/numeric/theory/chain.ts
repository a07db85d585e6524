import { randomFor } from '../random.js'

/**
 * Chains of scalars, the smallest model of gradient descent on a deep network: f(p) = (p_1 ... p_L - target)^2 / 2 with the factors p_i =
 * w_i of plain layers, or p_i = 1 + w_i of residual ones. A minimum is a stable equilibrium of w <- w - step f'(w) if step < 2 / sharpness,
 * where the sharpness is the largest eigenvalue of the Hessian, and unstable if step is larger. Source: Nar and Sastry 2018, "Residual
 * networks: Lyapunov stability and convex decomposition" (read: its abstract, and the appendix of the same authors' arXiv 1805.08890); the
 * closed forms for chains are derived.
 */
export type Factors = Float64Array

export const product = (p: Factors): number => p.reduce((all, each) => all * each, 1)

/** Gradient with respect to the factors, into `into`: products of prefixes and suffixes, so that a factor of 0 causes no division by 0. */
export function gradient(p: Factors, target: number, into: Float64Array): void {
  const count = p.length
  let prefix = 1
  for (let i = 0; i < count; i++) {
    into[i] = prefix
    prefix *= p[i]!
  }
  const error = prefix - target
  let suffix = error
  for (let i = count - 1; i >= 0; i--) {
    into[i] = into[i]! * suffix
    suffix *= p[i]!
  }
}

/** Largest eigenvalue of the Hessian at a minimum, at which the Hessian is v v' with v_i = target / p_i. */
export const sharpness = (p: Factors, target: number): number => target ** 2 * p.reduce((sum, each) => sum + each ** -2, 0)

/**
 * Largest sharpness at which gradient descent with this step stays at a minimum. Momentum m (v <- m v + f'; w <- w - step v) raises the
 * limit: derived.
 */
export const stableSharpness = (step: number, momentum = 0): number => (2 * (1 + momentum)) / step

/** The largest step with which any minimum of a chain is stable: that with equal factors, 2 (1 + m) / (L target^(2 - 2/L)). Derived. */
export const balancedLimit = (depth: number, target: number, momentum = 0): number =>
  stableSharpness(depth * target ** (2 - 2 / depth), momentum)

/**
 * A minimum with p_i proportional to exp(spread normal); spread 0 gives equal factors, and the largest limit of the step.
 * @param target positive
 */
export function minimum(depth: number, target: number, spread: number, seed: number): Factors {
  const random = randomFor(seed, 'theory/chain/minimum', depth)
  const scattered = Float64Array.from({ length: depth }, () => Math.exp(spread * random.normal()))
  const scale = (target / product(scattered)) ** (1 / depth)
  return scattered.map((each) => each * scale)
}

/**
 * Growth factor per step of a small deviation along curvature c: the spectral radius of [[m, 1], [-a m, 1 - a]] with a = step c; |1 - a|
 * without momentum.
 */
export function multiplier(stepTimesCurvature: number, momentum = 0): number {
  const trace = 1 + momentum - stepTimesCurvature
  const discriminant = trace ** 2 - 4 * momentum
  return discriminant < 0 ? Math.sqrt(momentum) : (Math.abs(trace) + Math.sqrt(discriminant)) / 2
}

/** The outcome of descent that starts near a minimum. Leaving it is not divergence. */
export type Fate = 'returns' | 'other minimum' | 'bounded' | 'diverges'

export interface Escape {
  /** Step at which the distance first reached `far`; null if it never did. */
  left: number | null
  /** Step at which it first fell below `near` instead. */
  returned: number | null
  /** Number of steps to either according to the linear model, log(distance / start) / log(multiplier); Infinity if the multiplier is 1. */
  predicted: number
  multiplier: number
  fate: Fate
  /** Step at which it diverged, if it did. */
  diverged: number | null
  /** Products of the factors after the last four steps, which reveal a cycle. */
  lastProducts: number[]
  /** Distance from the minimum along the steepest direction, from step 0 on. */
  distances: number[]
}

export interface EscapeOptions {
  target: number
  step: number
  momentum?: number
  /** Initial deviation along the steepest direction. */
  start?: number
  /** The minimum counts as left at this distance, beyond which the linear model no longer applies. */
  far?: number
  /** And as reached again at this distance. */
  near?: number
  steps?: number
  progress?: (fraction: number) => void
}

/** Magnitude of a factor at which descent has diverged. */
const DIVERGED = 1e6
/** Distance of the product from its target at which a minimum is reached. */
const AT_MINIMUM = 1e-6
/** Number of distances that are kept after the minimum was left or reached again. */
const AFTERWARDS = 30

/** Descends from near a minimum, and distinguishes leaving it, settling elsewhere, staying bounded and diverging. */
export function escape(from: Factors, options: EscapeOptions): Escape {
  const { target, step, momentum = 0, start = 1e-8, far = 1e-5, near = 1e-12, steps = 20_000, progress = () => undefined } = options
  const steepest = from.map((each) => 1 / each)
  const length = Math.hypot(...steepest)
  for (let i = 0; i < steepest.length; i++) steepest[i] = steepest[i]! / length
  const growth = multiplier(step * sharpness(from, target), momentum)
  const p = from.map((each, i) => each + start * steepest[i]!)
  const velocity = new Float64Array(p.length)
  const slope = new Float64Array(p.length)
  const distance = (): number => Math.abs(p.reduce((sum, each, i) => sum + (each - from[i]!) * steepest[i]!, 0))
  const found: Escape = {
    left: null,
    returned: null,
    predicted: growth === 1 ? Infinity : Math.log((growth > 1 ? far : near) / start) / Math.log(growth),
    multiplier: growth,
    fate: 'bounded',
    diverged: null,
    lastProducts: [],
    distances: [distance()],
  }
  let decided: number | null = null
  for (let k = 1; k <= steps; k++) {
    gradient(p, target, slope)
    for (let i = 0; i < p.length; i++) {
      velocity[i] = momentum * velocity[i]! + slope[i]!
      p[i] = p[i]! - step * velocity[i]!
    }
    if (p.some((each) => !(Math.abs(each) <= DIVERGED))) {
      found.diverged = k
      break
    }
    const now = distance()
    if (decided === null && now >= far) found.left = decided = k
    else if (decided === null && now <= near) found.returned = decided = k
    if (decided === null || k <= decided + AFTERWARDS) found.distances.push(now)
    if (k > steps - 4) found.lastProducts.push(product(p))
    if (k % 1000 === 0) progress(k / steps)
    // It has come to rest where the linear model predicts that it stays.
    if (found.returned !== null && k >= found.returned + AFTERWARDS) break
  }
  found.fate = fateOf(found, Math.abs(product(p) - target))
  return found
}

function fateOf({ diverged, left, returned }: Escape, error: number): Fate {
  if (diverged !== null) return 'diverges'
  if (left === null) return returned === null ? 'bounded' : 'returns'
  return error < AT_MINIMUM ? 'other minimum' : 'bounded'
}

/** The starting points of descent: factors near 1, like those of residual layers, or near 0, like those of plain ones. */
export interface Starts {
  centre: 0 | 1
  /** Standard deviation of the normal distribution of every factor. */
  deviation: number
}

export interface Convergence {
  /** Fraction of the starts from which descent reached |product - target| < 1e-6 by the last step. */
  share: number
  converged: number
  diverged: number
  /** The largest product of step and sharpness among the minima reached, which stability bounds by 2 (1 + m); null if none was reached. */
  largestStepTimesSharpness: number | null
}

/**
 * Descends from many starting points.
 * @param starts factors of each start; they are overwritten by the end points
 */
export function convergence(
  starts: readonly Factors[],
  {
    target,
    step,
    steps,
    progress = () => undefined,
  }: { target: number; step: number; steps: number; progress?: (fraction: number) => void },
): Convergence {
  let [converged, diverged, largest]: [number, number, number | null] = [0, 0, null]
  starts.forEach((p, at) => {
    const slope = new Float64Array(p.length)
    for (let k = 0; k < steps; k++) {
      gradient(p, target, slope)
      for (let i = 0; i < p.length; i++) p[i] = p[i]! - step * slope[i]!
    }
    const error = Math.abs(product(p) - target)
    if (error < AT_MINIMUM) {
      converged++
      largest = Math.max(largest ?? 0, step * sharpness(p, target))
    } else if (!(Math.hypot(...p) < DIVERGED)) diverged++
    progress((at + 1) / starts.length)
  })
  return { share: converged / starts.length, converged, diverged, largestStepTimesSharpness: largest }
}

/** The factors of the given number of starts. */
export function drawStarts(
  { centre, deviation }: Starts,
  { count, depth, seed }: { count: number; depth: number; seed: number },
): Factors[] {
  const random = randomFor(seed, `theory/chain/starts/${centre}/${deviation}`, depth)
  return Array.from({ length: count }, () => Float64Array.from({ length: depth }, () => centre + deviation * random.normal()))
}
