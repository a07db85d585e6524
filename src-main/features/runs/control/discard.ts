import type { RunControlPorts } from './ports.js'

/** Discards, within a transaction, what a run has recorded after a step: points, evaluations and results of the lab. -1 discards everything. */
export function discardAfter(
  { series, evaluations, labResults }: Pick<RunControlPorts, 'series' | 'evaluations' | 'labResults'>,
  id: string,
  step: number,
): void {
  series.truncateAfter(id, step)
  evaluations.truncateAfter(id, step)
  labResults.truncateAfter(id, step)
}
