import type { CellWork, StudyOutcome } from '../../contract/studies.js'

/**
 * Estimated seconds until the last cell is done, from the durations of cells with the same network and the estimates of active runs; null
 * if nothing is running, or there is no estimate yet.
 * @param slots number of runs that are trained concurrently
 * @param later number of steps that are trained in later phases
 */
export function remainingSeconds(outcomes: readonly StudyOutcome[], slots: number, later = 0): number | null {
  const waiting = outcomes.filter(({ state }) => state === 'queued')
  const active = outcomes.filter(({ state }) => state === 'starting' || state === 'running')
  if (waiting.length + active.length === 0) return null
  const mean = (values: readonly number[]): number | null =>
    values.length > 0 ? values.reduce((sum, each) => sum + each, 0) / values.length : null
  const done = outcomes.filter(({ state, seconds }) => ['finished', 'waiting', 'dropped'].includes(state) && seconds !== null)
  /** Seconds per step; a cell without steps counts as one step. */
  const pace = ({ seconds, run }: StudyOutcome): number => seconds! / (run?.step || run?.totalSteps || 1)
  const took = (like: StudyOutcome): number | null => {
    const kind = done.filter(({ work }) => work.kind === like.work.kind)
    const same = kind.filter(({ factors }) => factors['network'] === like.factors['network'])
    const steps = like.run ? (like.until ?? like.run.totalSteps) - like.run.step : 1
    const each = mean((same.length > 0 ? same : kind).map(pace))
    return each === null ? null : each * Math.max(0, steps)
  }
  const left = [...waiting, ...active].map((outcome) => ({
    kind: outcome.work.kind,
    seconds: outcome.run?.remainingSeconds ?? took(outcome),
  }))
  const after = later === 0 ? 0 : mean(done.filter(({ run }) => run).map(pace))
  if (after === null || left.some(({ seconds }) => seconds === null)) return null
  const of = (kind: CellWork['kind']): number => left.reduce((sum, each) => sum + (each.kind === kind ? each.seconds! : 0), 0)
  // Measurements run one at a time and exclusively; computations run one at a time, concurrently with runs.
  return Math.max((of('run') + later * after) / slots, of('computation')) + of('measurement')
}
