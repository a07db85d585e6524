/** Rebuilt states off by more than this part of the tolerance make `auto` anchor: a ReLU that changes sides is a wrong gradient. */
const ACT_ABOVE = 1e-2
/** With anchors they stay within this part of it, or within rounding. */
const REACH = 1e-3
/** A few roundings of float32: no anchors do better. */
const FLOOR = 2 ** -20

/**
 * Every how many units a state should be stored, for `anchorEvery: auto`: the rarest of units/2, units/4, ... with which rebuilt states,
 * as measured, are as good as stored ones. Far stricter than the tolerance that warns: the error of a gradient is not in proportion
 * to that of the states, because each ReLU that a small error turns on or off is wrong as a whole.
 * @param measure relative error of rebuilt states when every k-th unit is anchored; 0 is none
 * @param units of the longest stage
 * @param current k in force
 * @returns k; `current` where that is good enough
 */
export function chooseAnchors(measure: (every: number) => number, units: number, tolerance: number, current: number): number {
  if (measure(current) <= Math.max(ACT_ABOVE * tolerance, FLOOR)) return current
  let every = Math.max(1, Math.floor((current || units) / 2))
  while (every > 1 && !(measure(every) <= Math.max(REACH * tolerance, FLOOR))) every = Math.floor(every / 2)
  return every
}
