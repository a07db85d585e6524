import { z } from 'zod'
import { drawPair, fit, parts, type FitRecord } from '../../numeric/theory/convex-pair.js'
import { computed, defineComputation } from '../computation.js'

/** Half the range of the points. */
const RANGE = Math.PI
const POINTS = 101
/** Number of recorded points of the loss curve. */
const RECORDS = 50
const list = z.array(computed)

/** A sine on [-pi, pi], fitted by a line, a convex and a concave part. */
export const convexFit = defineComputation({
  id: 'convex-fit',
  revision: 1,
  options: z.strictObject({
    /** Number of hinges in each part. */
    hinges: z.int().min(1).max(1000),
    step: z.number().positive(),
    steps: z.int().min(1).max(1_000_000),
    seed: z.int().min(0),
  }),
  result: z.object({
    x: z.array(z.number()),
    target: list,
    sum: list,
    line: list,
    convex: list,
    concave: list,
    records: z.object({
      step: z.array(z.number()),
      loss: list,
      w: list,
      c: list,
      alpha: list,
      convexLipschitz: list,
      concaveLipschitz: list,
    }),
  }),
  compute({ hinges, step, steps, seed }, progress) {
    const x = Array.from({ length: POINTS }, (_, at) => -RANGE + (2 * RANGE * at) / (POINTS - 1))
    const pair = drawPair(hinges, RANGE, seed)
    const told: FitRecord[] = []
    fit(pair, x, Math.sin, {
      step,
      steps,
      records: RECORDS,
      record(record) {
        told.push(record)
        progress(record.step / steps)
      },
    })
    const values = x.map((each) => parts(pair, each))
    return {
      x,
      target: x.map(Math.sin),
      sum: values.map(({ sum }) => sum),
      line: values.map(({ line }) => line),
      convex: values.map(({ convex }) => convex),
      concave: values.map(({ concave }) => concave),
      records: {
        step: told.map((each) => each.step),
        loss: told.map(({ loss }) => loss),
        w: told.map(({ moved }) => moved.w),
        c: told.map(({ moved }) => moved.c),
        alpha: told.map(({ moved }) => moved.alpha),
        convexLipschitz: told.map(({ lipschitz }) => lipschitz.convex),
        concaveLipschitz: told.map(({ lipschitz }) => lipschitz.concave),
      },
    }
  },
})
