import { z } from 'zod'
import { verletNorms, verletRadius } from '../../numeric/theory/forward-stability.js'
import { computed, defineComputation } from '../computation.js'

/** The linear Verlet step, repeated. */
export const verletLinear = defineComputation({
  id: 'verlet-linear',
  revision: 1,
  options: z.strictObject({
    /** Step size times the singular value of the kernel. */
    product: z.number().min(0).max(100),
    steps: z.int().min(1).max(1000),
  }),
  result: z.object({ radius: computed, norms: z.array(computed) }),
  compute: ({ product, steps }) => ({ radius: verletRadius(product), norms: verletNorms(product, steps) }),
})
