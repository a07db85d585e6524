import { randomFor } from '../random.js'

/**
 * A function of one variable as the sum of a line, a convex and a concave part, each a sum of hinges: f(x) = a x + b + sum_j alpha_j^2
 * max(0, w_j x - c_j) - the same with other parameters; the squares keep the parts convex and concave. Source of the idea: Nar and Sastry
 * 2018, whose abstract (read) trains the two parts with two residual networks; this architecture is ours, because theirs was not available.
 */
export interface Hinges {
  alpha: Float64Array
  w: Float64Array
  c: Float64Array
}

export interface ConvexPair {
  /** Slope and intercept of the line. */
  line: Float64Array
  convex: Hinges
  concave: Hinges
}

/** The value of a sum of hinges at x; for a concave part it has to be negated. */
export function hinges({ alpha, w, c }: Hinges, x: number): number {
  let sum = 0
  for (let j = 0; j < alpha.length; j++) sum += alpha[j]! ** 2 * Math.max(0, w[j]! * x - c[j]!)
  return sum
}

/** Line, convex part, concave part, and their sum. */
export function parts({ line, convex, concave }: ConvexPair, x: number): { line: number; convex: number; concave: number; sum: number } {
  const each = { line: line[0]! * x + line[1]!, convex: hinges(convex, x), concave: -hinges(concave, x) }
  return { ...each, sum: each.line + each.convex + each.concave }
}

/** Largest absolute slope of a sum of hinges within a range, which occurs between two of its kinks. */
export function lipschitz({ alpha, w, c }: Hinges, low: number, high: number): number {
  const kinks = [...c].map((each, j) => each / w[j]!).filter((x) => x > low && x < high)
  const ends = [low, ...kinks.sort((a, b) => a - b), high]
  return ends.slice(1).reduce((most, end, at) => {
    const middle = (ends[at]! + end) / 2
    let slope = 0
    for (let j = 0; j < alpha.length; j++) if (w[j]! * middle > c[j]!) slope += alpha[j]! ** 2 * w[j]!
    return Math.max(most, Math.abs(slope))
  }, 0)
}

/** Hinges whose kinks lie within [-range, range], with a magnitude of about the range. */
function drawHinges(count: number, range: number, seed: number, name: string): Hinges {
  const random = randomFor(seed, `theory/convex-pair/${name}`)
  const w = Float64Array.from({ length: count }, () => (random.uniform() < 0.5 ? -1 : 1) * (0.5 + random.uniform()))
  return {
    alpha: new Float64Array(count).fill(1 / Math.sqrt(count)),
    w,
    c: w.map((each) => each * range * (2 * random.uniform() - 1)),
  }
}

/** Both parts before they are fitted, determined by a seed. */
export const drawPair = (count: number, range: number, seed: number): ConvexPair => ({
  line: new Float64Array(2),
  convex: drawHinges(count, range, seed, 'convex'),
  concave: drawHinges(count, range, seed, 'concave'),
})

/** The progress of a fit after a number of steps. */
export interface FitRecord {
  step: number
  /** Mean squared error over the points, halved. */
  loss: number
  /** Distance of all w, c and alpha of both parts from their start, relative to the norm of the start. */
  moved: { w: number; c: number; alpha: number }
  /** Lipschitz constants of the parts between the first and the last point. */
  lipschitz: { convex: number; concave: number }
}

const GROUPS = ['w', 'c', 'alpha'] as const

/**
 * Fits a pair by gradient descent on all points, in place.
 * @param xs points in ascending order
 * @param record called at step 0, and at about `records` steps including the last one
 */
export function fit(
  pair: ConvexPair,
  xs: readonly number[],
  target: (x: number) => number,
  { step, steps, records, record }: { step: number; steps: number; records: number; record(record: FitRecord): void },
): void {
  const ys = xs.map(target)
  const all = (group: (typeof GROUPS)[number]): number[] => [...pair.convex[group], ...pair.concave[group]]
  const start = Object.fromEntries(GROUPS.map((group) => [group, all(group)])) as Record<(typeof GROUPS)[number], number[]>
  const moved = (group: (typeof GROUPS)[number]): number =>
    Math.hypot(...all(group).map((value, at) => value - start[group][at]!)) / Math.hypot(...start[group])
  const tell = (at: number): void => {
    const loss = xs.reduce((sum, x, i) => sum + (parts(pair, x).sum - ys[i]!) ** 2, 0) / (2 * xs.length)
    const range = [xs[0]!, xs.at(-1)!] as const
    record({
      step: at,
      loss,
      moved: { w: moved('w'), c: moved('c'), alpha: moved('alpha') },
      lipschitz: { convex: lipschitz(pair.convex, ...range), concave: lipschitz(pair.concave, ...range) },
    })
  }
  const every = Math.max(1, Math.ceil(steps / records))
  tell(0)
  for (let k = 1; k <= steps; k++) {
    descend(pair, xs, ys, step)
    if (k % every === 0 || k === steps) tell(k)
  }
}

/** One step of gradient descent. */
function descend(pair: ConvexPair, xs: readonly number[], ys: readonly number[], step: number): void {
  const errors = xs.map((x, i) => parts(pair, x).sum - ys[i]!)
  const rate = step / xs.length
  for (const [part, sign] of [
    [pair.convex, 1],
    [pair.concave, -1],
  ] as const) {
    const { alpha, w, c } = part
    for (let j = 0; j < alpha.length; j++) {
      let [byAlpha, byW, byC] = [0, 0, 0]
      for (let i = 0; i < xs.length; i++) {
        const height = w[j]! * xs[i]! - c[j]!
        if (height <= 0) continue
        byAlpha += errors[i]! * 2 * alpha[j]! * height
        byW += errors[i]! * alpha[j]! ** 2 * xs[i]!
        byC -= errors[i]! * alpha[j]! ** 2
      }
      alpha[j] = alpha[j]! - rate * sign * byAlpha
      w[j] = w[j]! - rate * sign * byW
      c[j] = c[j]! - rate * sign * byC
    }
  }
  pair.line[0] = pair.line[0]! - rate * errors.reduce((sum, error, i) => sum + error * xs[i]!, 0)
  pair.line[1] = pair.line[1]! - rate * errors.reduce((sum, error) => sum + error, 0)
}
