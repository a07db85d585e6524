import { z } from 'zod'
import { Base64Schema, floatsFromBase64 } from './base64.js'
import { csv } from './csv.js'
import { RunIdSchema } from './runs.js'

/** The quantities of a unit with histograms, by the names used in windows and tables. */
export const DISTRIBUTIONS = { weights: 'Weights', gradients: 'Gradients', activations: 'Activations' } as const
export type DistributionKind = keyof typeof DISTRIBUTIONS
export const DISTRIBUTION_KINDS = Object.keys(DISTRIBUTIONS) as DistributionKind[]

/** Centres of bins of equal width between -most and most. */
export const binCentres = (bins: number, most: number): number[] =>
  Array.from({ length: bins }, (_, bin) => (bin + 0.5 - bins / 2) * ((2 * most) / bins))

/** Histograms of all units of a run after one step, as computed by the diagnostic Distributions with its default options. */
export const HistogramsSchema = z.strictObject({
  runId: RunIdSchema,
  /** Number of updates that the weights have had. */
  step: z.int().min(0),
  /** Number of bins of every histogram: of equal width, between -most and most of its part. */
  bins: z.int().min(1).max(200),
  parts: z
    .array(
      z.strictObject({
        kind: z.enum(DISTRIBUTION_KINDS),
        /** Largest absolute value with a bin of its own; larger ones are counted in the outermost bins. */
        most: z.number().min(0),
        /** Depth of each unit from the input, counted from 1. */
        depths: z.array(z.int().min(1)).max(100_000),
      }),
    )
    .max(DISTRIBUTION_KINDS.length),
  /** float32 in base64: for each part and unit the fraction of the values in each bin (0 to 1), their mean and their standard deviation. */
  values: Base64Schema,
})
export type Histograms = z.infer<typeof HistogramsSchema>

/** Number of values per unit in `values`: the fractions, mean and standard deviation. */
export const numbersOfUnit = ({ bins }: Pick<Histograms, 'bins'>): number => bins + 2

/** The length of `values` of such histograms. */
export const numbersOf = (histograms: Pick<Histograms, 'bins' | 'parts'>): number =>
  histograms.parts.reduce((sum, { depths }) => sum + depths.length, 0) * numbersOfUnit(histograms)

/** The histogram of one unit. */
export interface UnitHistogram {
  kind: DistributionKind
  depth: number
  most: number
  shares: Float32Array
  mean: number
  deviation: number
}

/** The histograms of every unit, by kind and depth. */
export function unpackHistograms(histograms: Histograms): UnitHistogram[] {
  const values = floatsFromBase64(histograms.values)
  const { bins, parts } = histograms
  const stride = numbersOfUnit(histograms)
  return parts
    .flatMap(({ kind, most, depths }) => depths.map((depth) => ({ kind, most, depth })))
    .map((unit, at) => {
      const from = at * stride
      return { ...unit, shares: values.subarray(from, from + bins), mean: values[from + bins]!, deviation: values[from + bins + 1]! }
    })
}

/**
 * One row for each bin of each unit, kind and step, in full precision; a unit is identified by its depth from the input, counted from 1.
 */
export const histogramsCsv = (all: readonly Histograms[]): string =>
  csv(
    ['step', 'kind', 'depth', 'value', 'share'],
    all.flatMap((histograms) =>
      unpackHistograms(histograms).flatMap(({ kind, depth, most, shares }) =>
        binCentres(histograms.bins, most).map((value, bin) => [histograms.step, kind, depth, value, shares[bin]]),
      ),
    ),
  )

/** Bytes of histograms that are kept for a run; beyond that, earlier ones are thinned out evenly. */
const KEPT_BYTES = 4 * 2 ** 20

/** Minimum and maximum number of steps that are kept, whatever their size. */
const [LEAST_KEPT, MOST_KEPT] = [16, 256]

/** Number of steps whose histograms are kept for a run, for the given size of one step in bytes. */
export const keptHistograms = (bytes: number): number =>
  Math.max(LEAST_KEPT, Math.min(MOST_KEPT, Math.floor(KEPT_BYTES / Math.max(1, bytes))))
