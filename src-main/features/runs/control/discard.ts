import type { RunControlPorts } from './ports.js'

/** Discards, within a transaction, what a run has recorded after a step: points, evaluations, results of the lab, regions and histograms. -1 discards everything. */
export function discardAfter(
  {
    series,
    evaluations,
    labResults,
    regions,
    histograms,
  }: Pick<RunControlPorts, 'series' | 'evaluations' | 'labResults' | 'regions' | 'histograms'>,
  id: string,
  step: number,
): void {
  series.truncateAfter(id, step)
  evaluations.truncateAfter(id, step)
  labResults.truncateAfter(id, step)
  regions.truncateAfter(id, step)
  histograms.truncateAfter(id, step)
}
