import { z } from 'zod'
import { Base64Schema } from './base64.js'
import { RunIdSchema } from './runs.js'

/** Maximum number of regions that are kept for a run; beyond that, earlier ones are thinned out evenly. */
export const KEPT_REGIONS = 256

/** The predictions of a network for a problem in the plane over its inputs, at one evaluation. */
export const RegionsSchema = z.strictObject({
  runId: RunIdSchema,
  step: z.int().min(0),
  /** Number of lattice points in either direction. */
  size: z.int().min(2),
  /** Minimum and maximum of the first, then of the second coordinate, in the units of the data set. */
  extent: z.tuple([z.number(), z.number(), z.number(), z.number()]),
  /** Predicted class of each lattice point, row by row starting at the smallest second coordinate: uint8 in base64. */
  predicted: Base64Schema,
})
export type Regions = z.infer<typeof RegionsSchema>
