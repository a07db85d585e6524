import { mdiFilterMinusOutline, mdiMinusCircleOutline, mdiTimerSand } from '@mdi/js'
import type { RunStatus } from '../../src-main/contract/runs.js'
import type { CellCounts, CellState, Study } from '../../src-main/contract/studies.js'
import { statusLook, type StatusLook } from './describe.js'

/** States that runs do not have. */
const OWN: Readonly<Record<Exclude<CellState, RunStatus>, StatusLook>> = {
  removed: { label: 'run removed', icon: mdiMinusCircleOutline, color: undefined },
  waiting: { label: 'waiting for the others', icon: mdiTimerSand, color: undefined },
  dropped: { label: 'not continued', icon: mdiFilterMinusOutline, color: undefined },
}

/** The icon, colour and label of a cell's state; states of runs look as they do everywhere. */
export const cellLook = (state: CellState): StatusLook =>
  state === 'removed' || state === 'waiting' || state === 'dropped' ? OWN[state] : statusLook(state)

/** The order in which counts are listed: completed ones first. */
const ORDER: readonly CellState[] = [
  'finished', 'running', 'starting', 'pausing', 'stopping', 'queued', 'waiting', 'paused', 'interrupted', 'stopped', 'dropped', 'failed', 'diverged',
  'removed',
] // prettier-ignore

/** The states of at least one cell, in listing order. */
export const countsOf = (counts: CellCounts): { state: CellState; count: number }[] =>
  ORDER.flatMap((state) => (counts[state] ? [{ state, count: counts[state] }] : []))

/** "3 finished, 1 running, 2 queued" */
export const countsText = (counts: CellCounts): string =>
  countsOf(counts)
    .map(({ state, count }) => `${count} ${cellLook(state).label}`)
    .join(', ')

/** Fraction of the cells that are done, 0 to 1. */
export const doneShare = ({ cells, counts }: Pick<Study, 'cells' | 'counts'>): number =>
  cells === 0 ? 0 : ((counts.finished ?? 0) + (counts.dropped ?? 0) + (counts.failed ?? 0) + (counts.diverged ?? 0)) / cells

/** The commands that a study accepts in its current state. */
export const commandsOf = ({ held, counts }: Pick<Study, 'held' | 'counts'>): { pause: boolean; resume: boolean; remove: boolean } => {
  const count = (...states: CellState[]): number => states.reduce((sum, state) => sum + (counts[state] ?? 0), 0)
  return {
    pause: !held && count('queued', 'starting', 'running') > 0,
    resume: count('paused', 'interrupted', 'stopped', 'failed', 'removed') > 0 || (held && count('queued') > 0),
    remove: count('starting', 'running') === 0,
  }
}
