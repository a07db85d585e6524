import { UserError } from '../../contract/errors.js'
import type { StudyOutcome } from '../../contract/studies.js'
import { rungSteps } from '../halving.js'
import { readSearchKeys, type SearchKey } from '../search-space.js'
import { SEARCH } from './quantities.js'

/** The metric by which a search ranks. */
export const METRIC = 'validation/accuracy'

/** Maximum number of evaluations in a whole run with rungs, each of which must coincide with an evaluation. */
const MOST_EVALUATIONS = 100

/** The keys of a search; their columns are distinguished from those that every search has. */
export const keysOf = (text: string): SearchKey[] =>
  readSearchKeys(text).map((key) => (key.column in SEARCH ? { ...key, column: `${key.column}Key` } : key))

/** The steps of the rungs of successive halving; null for a search that trains every run to its end. @throws UserError BAD_INPUT */
export function rungsOf({ steps, eta, rungs }: { steps: number; eta: number; rungs: number }): number[] | null {
  if (rungs === 1) return null
  const found = rungSteps(steps, eta, rungs)
  if (!found || eta ** (rungs - 1) > MOST_EVALUATIONS)
    throw new UserError(
      'BAD_INPUT',
      found
        ? `rungs: the first rung would be at step ${found[0]} of ${steps}, after less than ${1 / MOST_EVALUATIONS} of a run. Use fewer rungs or a smaller eta.`
        : `rungs: ${steps} steps have no room for ${rungs} rungs, each the ${eta}-fold of the one before. Use fewer rungs or more steps.`,
    )
  return found
}

/**
 * The number of rungs that a run has reached. Steps beyond the rungs to which its study promoted it, trained for this or another study, do
 * not count.
 */
export function reached({ phase, compared = {} }: StudyOutcome, rungs: readonly number[]): number {
  const missing = rungs.findIndex((step, rung) => rung > phase || compared[step] === undefined)
  return missing < 0 ? rungs.length : missing
}

/** Its validation accuracy at a rung, counted from 1; null if it has not reached it. */
export const valueAt = (outcome: StudyOutcome, rungs: readonly number[], rung: number): number | null =>
  rung > 0 && reached(outcome, rungs) >= rung ? outcome.compared![rungs[rung - 1]!]! : null

/** The best of all evaluations of a finished run. */
export const bestOf = ({ run, state }: StudyOutcome): number | null => (state === 'finished' ? (run?.best[METRIC] ?? null) : null)
