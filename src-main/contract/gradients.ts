import { z } from 'zod'

/** Why a check is inconclusive: a fault of the stored gradients themselves, which anchors cannot fix because the states are the same. */
const CAUSES = {
  'not finite': 'gradients computed from stored states are not finite, including that of $: the states or the loss overflow',
  vanished: 'all gradients before the classifier, including that of $, are zero although the loss is not: the states overflow',
} as const
type Cause = keyof typeof CAUSES

/** A gradient check: reversed gradients compared with stored ones on a few images of a batch. */
export const GradientCheckSchema = z.strictObject({
  /** Number of updates made before the check. */
  step: z.int().min(0),
  /** The parameter whose gradient had the largest error. */
  parameter: z.string(),
  /** Largest error of that gradient relative to its largest value; null when not finite. */
  error: z.number().nullable(),
  /** Smallest cosine between the two gradients of any parameter; null when one of them is not finite. */
  cosine: z.number().nullable(),
  /** The run's `gradientTolerance`. */
  tolerance: z.number(),
  /** Absent when there was a gradient to compare with. */
  cause: z.enum(Object.keys(CAUSES) as [Cause, ...Cause[]]).optional(),
})
export type GradientCheck = z.infer<typeof GradientCheckSchema>

export const GRADIENT_VERDICTS = ['ok', 'not trustworthy', 'not measured'] as const
export type GradientVerdict = (typeof GRADIENT_VERDICTS)[number]

/** Whether a run's gradients can be trusted, judged by the worst of its checks. This is the only place that decides it. */
export const gradientVerdict = (worst: GradientCheck | null): GradientVerdict =>
  worst === null
    ? 'not measured'
    : worst.cause === undefined && worst.error !== null && worst.error <= worst.tolerance
      ? 'ok'
      : 'not trustworthy'

/** The worse of two checks, or the earlier one if they are equal. An error that is not finite is worse than any other. */
export function worseCheck(a: GradientCheck | null, b: GradientCheck): GradientCheck {
  if (a === null) return b
  return a.error === null || (b.error !== null && b.error <= a.error) ? a : b
}

/** What a failed check found, as a clause that can follow "because" or a colon. */
export function describeCheck({ step, parameter, error, cosine, tolerance, cause }: GradientCheck): string {
  if (cause) return `at step ${step} ${CAUSES[cause].replace('$', parameter)}`
  const size = error === null ? 'is not finite' : `has a relative error of ${error.toExponential(1)}`
  const angle = cosine === null ? '' : ` (smallest cosine of any parameter: ${cosine.toFixed(3)})`
  return `at step ${step} the reversed gradient of ${parameter} ${size}${angle}; the tolerance is ${tolerance.toExponential(0)}`
}

/** Whether anchors at shorter intervals would fix what a failed check found. */
export const anchorsHelp = ({ cause }: GradientCheck): boolean => cause === undefined
