/** The measured error above which `auto` adds anchors, and the error that the chosen anchors must achieve. */
export interface AnchorLimits {
  actAbove: number
  reach: number
}

/** A few float32 rounding errors, which no anchors can improve on. */
const FLOOR = 2 ** -20

/**
 * For the error of gradients. A tenth of the tolerance, because the error grows with the weights until the next check; a hundredth with
 * anchors, so that they need not be chosen again every time.
 */
export const gradientLimits = (tolerance: number): AnchorLimits => ({ actAbove: tolerance / 10, reach: tolerance / 100 })

/**
 * For the error of reconstructed states, used if gradients are not measured. Far stricter than the tolerance of the warning: the error of a
 * gradient is not proportional to that of the states, because each ReLU that a small error switches on or off contributes a large one.
 */
export const stateLimits = (tolerance: number): AnchorLimits => ({
  actAbove: Math.max(1e-2 * tolerance, FLOOR),
  reach: Math.max(1e-3 * tolerance, FLOOR),
})

/**
 * The anchor interval for `anchorEvery: auto`: the largest of units/2, units/4, ... with which the measured error is within its limits.
 * @param measure relative error if every k-th unit is anchored; 0 is none
 * @param units number of units in the longest stage
 * @param current the current k
 * @returns k; `current` if that is good enough
 */
export function chooseAnchors(measure: (every: number) => number, units: number, limits: AnchorLimits, current: number): number {
  if (measure(current) <= limits.actAbove) return current
  let every = Math.max(1, Math.floor((current || units) / 2))
  while (every > 1 && !(measure(every) <= limits.reach)) every = Math.floor(every / 2)
  return every
}
