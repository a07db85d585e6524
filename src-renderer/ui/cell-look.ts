import { mdiMinusCircleOutline } from '@mdi/js'
import type { CellCounts, CellState, Study } from '../../src-main/contract/studies.js'
import { statusLook, type StatusLook } from './describe.js'

/** How a state of a cell looks; those of runs look as they do everywhere. */
export const cellLook = (state: CellState): StatusLook =>
  state === 'removed' ? { label: 'run removed', icon: mdiMinusCircleOutline, color: undefined } : statusLook(state)

/** The order in which counts are told: what is done first. */
const ORDER: readonly CellState[] = [
  'finished', 'running', 'starting', 'pausing', 'stopping', 'queued', 'paused', 'interrupted', 'stopped', 'failed', 'diverged', 'removed',
] // prettier-ignore

/** The states that some cell is in, in the order in which they are told. */
export const countsOf = (counts: CellCounts): { state: CellState; count: number }[] =>
  ORDER.flatMap((state) => (counts[state] ? [{ state, count: counts[state] }] : []))

/** "3 finished, 1 running, 2 queued" */
export const countsText = (counts: CellCounts): string =>
  countsOf(counts)
    .map(({ state, count }) => `${count} ${cellLook(state).label}`)
    .join(', ')

/** Fraction of the cells that have come to an end, 0 to 1. */
export const doneShare = ({ cells, counts }: Pick<Study, 'cells' | 'counts'>): number =>
  cells === 0 ? 0 : ((counts.finished ?? 0) + (counts.failed ?? 0) + (counts.diverged ?? 0)) / cells

/** What a study can be told now. */
export const commandsOf = ({ held, counts }: Pick<Study, 'held' | 'counts'>): { pause: boolean; resume: boolean; remove: boolean } => {
  const count = (...states: CellState[]): number => states.reduce((sum, state) => sum + (counts[state] ?? 0), 0)
  return {
    pause: !held && count('queued', 'starting', 'running') > 0,
    resume: count('paused', 'interrupted', 'stopped', 'failed', 'removed') > 0 || (held && count('queued') > 0),
    remove: count('starting', 'running') === 0,
  }
}
