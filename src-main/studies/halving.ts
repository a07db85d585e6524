/**
 * Successive halving: every candidate is trained up to the first rung, the best 1/eta of them up to the second, and so on to the last,
 * which is the full length. Schedules are those of the full length, and promoted candidates are continued, not retrained. Source: Jamieson
 * and Talwalkar 2016, "Non-stochastic best arm identification and hyperparameter optimization".
 */

/**
 * The steps of the rungs: each is eta times the previous one, and the last is the full length. Null if the runs are too short for this
 * number of rungs.
 * @param steps full length
 */
export function rungSteps(steps: number, eta: number, rungs: number): number[] | null {
  const first = Math.ceil(steps / eta ** (rungs - 1))
  const all = Array.from({ length: rungs }, (_, rung) => (rung === rungs - 1 ? steps : first * eta ** rung))
  return all.every((step, rung) => rung === 0 || step > all[rung - 1]!) ? all : null
}

/** The number of candidates that are trained up to a rung, counted from 0; at least one. */
export const keptAt = (candidates: number, eta: number, rung: number): number => Math.max(1, Math.floor(candidates / eta ** rung))

/**
 * The indices of the promoted candidates, in ascending order: the best by their values at one step, and of equal ones the first. A
 * candidate without a value, because it failed or diverged, is never promoted.
 */
export function promoted(values: readonly (number | null)[], keep: number): number[] {
  const ranked = values.flatMap((value, place) => (value === null || Number.isNaN(value) ? [] : [{ value, place }]))
  ranked.sort((a, b) => b.value - a.value || a.place - b.place)
  return ranked
    .slice(0, keep)
    .map(({ place }) => place)
    .sort((a, b) => a - b)
}

/** Estimated number of steps that are trained after a rung, assuming that no candidate fails. */
export function laterSteps(candidates: number, eta: number, steps: readonly number[], rung: number): number {
  return steps.reduce((sum, step, at) => (at > rung ? sum + keptAt(candidates, eta, at) * (step - steps[at - 1]!) : sum), 0)
}
