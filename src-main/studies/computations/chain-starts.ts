import { z } from 'zod'
import { balancedLimit, convergence, drawStarts } from '../../numeric/theory/chain.js'
import { computed, defineComputation } from '../computation.js'

/** Gradient descent on a chain from many starts, with a step size that is a multiple of the largest at which any minimum is stable. */
export const chainStarts = defineComputation({
  id: 'chain-starts',
  revision: 1,
  options: z.strictObject({
    depth: z.int().min(1).max(1000),
    target: z.number().positive(),
    /** 1 for factors 1 + w, 0 for factors w. */
    centre: z.union([z.literal(0), z.literal(1)]),
    deviation: z.number().min(0).max(100),
    /** Step size divided by the largest stable one for equal factors. */
    ratio: z.number().positive(),
    starts: z.int().min(1).max(100_000),
    steps: z.int().min(1).max(1_000_000),
    seed: z.int().min(0),
  }),
  result: z.object({
    step: computed,
    share: computed,
    converged: z.number(),
    diverged: z.number(),
    largestStepTimesSharpness: computed.nullable(),
  }),
  compute({ depth, target, centre, deviation, ratio, starts, steps, seed }, progress) {
    const step = ratio * balancedLimit(depth, target)
    return { step, ...convergence(drawStarts({ centre, deviation }, { count: starts, depth, seed }), { target, step, steps, progress }) }
  },
})
