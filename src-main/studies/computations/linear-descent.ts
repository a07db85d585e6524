import { z } from 'zod'
import { square, type Square } from '../../numeric/dense.js'
import {
  descend,
  determinantSign,
  drawPlain,
  drawProblem,
  gammaOf,
  holds,
  layersOf,
  negativeProblem,
  optimumBounds,
  sharpnessAtMinimum,
  type DescentRecord,
  type LinearProblem,
} from '../../numeric/theory/linear-residual.js'
import { computed, defineComputation } from '../computation.js'

/** Number of points of every curve. */
const POINTS = 100
const list = z.array(computed)
const bounds = z.array(computed.nullable())

/** The problems, and where descent on each starts: residual layers at the identity, plain ones at small entries. */
export const LINEAR_PROBLEMS = ['residual', 'plain', 'negative determinant'] as const
export type LinearProblemName = (typeof LINEAR_PROBLEMS)[number]

export const problemOf = (name: LinearProblemName, size: number, deviation: number, seed: number): LinearProblem =>
  name === 'negative determinant' ? negativeProblem() : drawProblem(size, deviation, seed)

/** Gradient descent on a linear network, checking the lower bounds of its gradient at every step. */
export const linearDescent = defineComputation({
  id: 'linear-descent',
  revision: 1,
  options: z.strictObject({
    problem: z.enum(LINEAR_PROBLEMS),
    /** Number of rows of the target; a target with a negative determinant has one. */
    size: z.int().min(1).max(16),
    deviation: z.number().min(0).max(10),
    depth: z.int().min(1).max(256),
    /** Standard deviation of the initial plain layers, before division by the square root of the size. */
    plainDeviation: z.number().min(0).max(10),
    /** The learning rate is this divided by the depth. */
    rate: z.number().positive(),
    steps: z.int().min(1).max(100_000),
    seed: z.int().min(0),
  }),
  result: z.object({
    determinant: z.number(),
    gamma: computed,
    /** Null if the theorem does not apply: for a negative determinant, and with fewer than 3 gamma layers. */
    optimumFirst: computed.nullable(),
    /** Null for a negative determinant. */
    optimumLater: computed.nullable(),
    /** At the end. */
    excess: computed,
    tau: computed.nullable(),
    /** Learning rate at which the last point would become unstable if it were a minimum; null while it is not near one. */
    stableRate: computed.nullable(),
    /** Number of steps at which an inequality was checked, at which one of ours failed, and at which the quoted one failed. */
    checked: z.number(),
    violated: z.number(),
    quotedViolated: z.number(),
    curve: z.object({ step: z.array(z.number()), excess: list, gradient: list, bound: bounds, tight: bounds, quoted: bounds, tau: bounds }),
  }),
  compute({ problem: name, size, deviation, depth, plainDeviation, rate, steps, seed }, progress) {
    const problem = problemOf(name, size, deviation, seed)
    const rows = problem.target.size
    const kind = name === 'plain' ? 'plain' : 'residual'
    const layers: Square[] =
      kind === 'plain' ? drawPlain(rows, depth, plainDeviation, seed) : Array.from({ length: depth }, () => square(rows))
    const every = Math.max(1, Math.ceil(steps / POINTS))
    const kept: DescentRecord[] = []
    const [counts, last] = [
      { checked: 0, violated: 0, quotedViolated: 0 },
      { excess: NaN, tau: null as number | null },
    ]
    descend(layers, kind, problem, {
      rate: rate / depth,
      steps,
      record(record) {
        const { step, excess, gradientNormSquared, bounds: of } = record
        if (step % every === 0 || step === steps) kept.push(record)
        if (of) counts.checked++
        if (!holds(record)) counts.violated++
        if (of?.quoted != null && of.quoted > gradientNormSquared) counts.quotedViolated++
        Object.assign(last, { excess, tau: of?.tau ?? null })
        progress(step / steps)
      },
    })
    const gamma = gammaOf(problem.target)
    const { first, later } = optimumBounds(gamma, depth)
    // The closed form of the Hessian is valid only at a minimum.
    const near = last.excess < 0.01 * kept[0]!.excess
    const determinant = determinantSign(problem.target)
    return {
      determinant,
      gamma,
      optimumFirst: determinant > 0 && depth >= 3 * gamma ? first : null,
      optimumLater: determinant > 0 ? later : null,
      ...last,
      stableRate: near ? 2 / sharpnessAtMinimum(kind === 'plain' ? layers : layersOf(layers), problem.moments) : null,
      ...counts,
      curve: {
        step: kept.map(({ step }) => step),
        excess: kept.map(({ excess }) => excess),
        gradient: kept.map(({ gradientNormSquared }) => gradientNormSquared),
        bound: kept.map((record) => record.bounds?.bound ?? null),
        tight: kept.map((record) => record.bounds?.tight ?? null),
        quoted: kept.map((record) => record.bounds?.quoted ?? null),
        tau: kept.map((record) => record.bounds?.tau ?? null),
      },
    }
  },
})
