import { z } from 'zod'
import { Base64Schema } from './base64.js'
import { RunIdSchema } from './runs.js'

/** Regions that are kept of a run; of more the earlier ones become fewer, evenly. */
export const KEPT_REGIONS = 256

/** What a network of a problem in the plane predicts over its inputs, at one evaluation. */
export const RegionsSchema = z.strictObject({
  runId: RunIdSchema,
  step: z.int().min(0),
  /** Points of the lattice either way. */
  size: z.int().min(2),
  /** Smallest and largest first coordinate and second coordinate, as the data set has them. */
  extent: z.tuple([z.number(), z.number(), z.number(), z.number()]),
  /** Class that is predicted for each point of the lattice, row by row from the smallest second coordinate: uint8 in base64. */
  predicted: Base64Schema,
})
export type Regions = z.infer<typeof RegionsSchema>
