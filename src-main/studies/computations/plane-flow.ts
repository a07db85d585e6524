import { z } from 'zod'
import { eigenvalues, INPUTS, KERNELS, trajectory } from '../../numeric/theory/forward-stability.js'
import { computed, defineComputation } from '../computation.js'

const points = z.array(z.array(computed))

/** Example 1 of Haber and Ruthotto 2017: three inputs through layers with one kernel. */
export const planeFlow = defineComputation({
  id: 'plane-flow',
  revision: 1,
  options: z.strictObject({
    kernel: z.enum(['plus', 'minus', 'zero']),
    h: z.number().positive().max(10),
    steps: z.int().min(1).max(1000),
  }),
  result: z.object({
    /** By input, then by step. */
    y1: points,
    y2: points,
    /** Distance of the first two inputs, by step. */
    distance: z.array(computed),
    real: z.array(computed),
    imaginary: z.array(computed),
  }),
  compute({ kernel, h, steps }) {
    const paths = INPUTS.map((start) => trajectory(KERNELS[kernel], start, { h, steps }))
    const [first, second] = paths as [(typeof paths)[number], (typeof paths)[number]]
    const values = eigenvalues(KERNELS[kernel])
    return {
      y1: paths.map((path) => path.map(([x]) => x)),
      y2: paths.map((path) => path.map(([, y]) => y)),
      distance: first.map(([x, y], step) => Math.hypot(x - second[step]![0], y - second[step]![1])),
      real: values.map(([re]) => re),
      imaginary: values.map(([, im]) => im),
    }
  },
})
