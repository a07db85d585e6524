import { z } from 'zod'
import { balancedLimit, escape, minimum, sharpness, stableSharpness } from '../../numeric/theory/chain.js'
import { computed, defineComputation } from '../computation.js'

/** Maximum number of points kept of a curve. */
const POINTS = 80

/** Gradient descent starting near a minimum of a chain, with a step size that is a multiple of the largest stable one at that minimum. */
export const chainEscape = defineComputation({
  id: 'chain-escape',
  revision: 1,
  options: z.strictObject({
    depth: z.int().min(1).max(1000),
    target: z.number().positive(),
    /** Standard deviation of the logarithms of the factors; 0 for equal ones. */
    spread: z.number().min(0).max(5),
    /** Step size divided by the largest stable one at this minimum. */
    ratio: z.number().positive(),
    momentum: z.number().min(0).max(0.999),
    steps: z.int().min(1).max(1_000_000),
    seed: z.int().min(0),
  }),
  result: z.object({
    step: computed,
    sharpness: computed,
    /** Largest stable step size at this minimum, and at the minimum with equal factors. */
    limit: computed,
    balancedLimit: computed,
    predicted: computed,
    multiplier: computed,
    left: z.number().nullable(),
    returned: z.number().nullable(),
    diverged: z.number().nullable(),
    fate: z.enum(['returns', 'other minimum', 'bounded', 'diverges']),
    lastProducts: z.array(computed),
    /** Distance from the minimum along its steepest direction, at some of the steps. */
    curve: z.object({ step: z.array(z.number()), distance: z.array(computed) }),
  }),
  compute({ depth, target, spread, ratio, momentum, steps, seed }, progress) {
    const at = minimum(depth, target, spread, seed)
    const steepest = sharpness(at, target)
    const limit = stableSharpness(steepest, momentum)
    const step = ratio * limit
    const { distances, ...found } = escape(at, { target, step, momentum, steps, progress })
    const every = Math.ceil(distances.length / POINTS)
    const kept = distances.map((distance, k) => ({ k, distance })).filter(({ k }) => k % every === 0 || k === distances.length - 1)
    return {
      ...found,
      step,
      sharpness: steepest,
      limit,
      balancedLimit: balancedLimit(depth, target, momentum),
      curve: { step: kept.map(({ k }) => k), distance: kept.map(({ distance }) => distance) },
    }
  },
})
