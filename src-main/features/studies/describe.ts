import type { CellWork, StudyOutcome } from '../../contract/studies.js'

/**
 * Seconds until the last cell is done, from the time that finished cells of the same network took, and what active runs say of themselves; null when
 * nothing is going on, or nothing is known yet.
 * @param slots runs that work at once
 */
export function remainingSeconds(outcomes: readonly StudyOutcome[], slots: number): number | null {
  const waiting = outcomes.filter(({ state }) => state === 'queued')
  const active = outcomes.filter(({ state }) => state === 'starting' || state === 'running')
  if (waiting.length + active.length === 0) return null
  const took = (like: StudyOutcome): number | null => {
    const done = outcomes.filter(({ state, seconds, work }) => state === 'finished' && seconds !== null && work.kind === like.work.kind)
    const same = done.filter(({ factors }) => factors['network'] === like.factors['network'])
    const times = (same.length > 0 ? same : done).map(({ seconds }) => seconds!)
    return times.length > 0 ? times.reduce((sum, each) => sum + each, 0) / times.length : null
  }
  const left = [...waiting, ...active].map((outcome) => ({
    kind: outcome.work.kind,
    seconds: outcome.run?.remainingSeconds ?? took(outcome),
  }))
  if (left.some(({ seconds }) => seconds === null)) return null
  const of = (kind: CellWork['kind']): number => left.reduce((sum, each) => sum + (each.kind === kind ? each.seconds! : 0), 0)
  // Measurements are made one at a time beside nothing else; computations one at a time beside runs.
  return Math.max(of('run') / slots, of('computation')) + of('measurement')
}
