import type { Network } from '../numeric/network.js'

/**
 * Every how many units a state should be stored so that rebuilt states stay within the tolerance.
 * The error of undoing grows about exponentially with the number of units undone in a row, from float32 rounding at the first:
 * error(n) = eps exp(rate n). With the error of the whole stage measured, the rate and so the longest safe n follow.
 * @param measured relative error with the anchors in force taken into account by the caller: that of undoing a whole stage
 * @returns 0 for none
 */
export function chooseAnchors(network: Network, measured: number, tolerance: number, current: number): number {
  const units = Math.max(...network.stages.map((stage) => stage.units))
  if (measured <= tolerance) return current
  if (!Number.isFinite(measured)) return 1
  const rounding = 2 ** -23
  const rate = Math.log(Math.max(measured, tolerance) / rounding) / units
  // A tenth of the tolerance: the gradient is off by more than the states are.
  const safe = Math.floor(Math.log(tolerance / 10 / rounding) / rate)
  const chosen = Math.max(1, Math.min(units - 1, safe))
  return current > 0 ? Math.min(current, chosen) : chosen
}
