import { wilsonInterval } from '../contract/binomial.js'
import type { Cell } from '../contract/lab.js'
import { sampleOf, type Sample } from '../contract/sample.js'
import { describeFactors, type Factors, type StudyOutcome } from '../contract/studies.js'

/** Reported accuracy of a finished run: on all test images, with the weights of the selected checkpoint. */
export const reportedAccuracy = ({ run, state }: StudyOutcome): number | null =>
  state === 'finished' ? (run?.reported?.values['test/accuracy'] ?? null) : null

/** Rows of a table in the diagnostic result of a cell’s run; empty until it has been measured. */
export function diagnosedRows({ diagnosed }: StudyOutcome, diagnostic: string, key: string): Record<string, Cell>[] {
  const columns = diagnosed?.[diagnostic]?.tables.find((table) => table.key === key)?.columns ?? []
  return (columns[0]?.values ?? []).map((_, row) => Object.fromEntries(columns.map((column) => [column.key, column.values[row] ?? null])))
}

export const hasFailed = ({ state }: StudyOutcome): boolean => state === 'failed' || state === 'diverged'

export interface Group {
  /** The factors that all of its cells share. */
  factors: Factors
  outcomes: StudyOutcome[]
  accuracy: Sample
  failed: number
}

/** Groups of cells that differ only in one factor, such as the seed, in the order in which they first appear. */
export function groupOver(over: string, outcomes: readonly StudyOutcome[]): Group[] {
  const groups = new Map<string, Omit<Group, 'accuracy' | 'failed'>>()
  for (const outcome of outcomes) {
    const factors = Object.fromEntries(Object.entries(outcome.factors).filter(([key]) => key !== over))
    const key = JSON.stringify(factors)
    const group = groups.get(key) ?? { factors, outcomes: [] }
    group.outcomes.push(outcome)
    groups.set(key, group)
  }
  return [...groups.values()].map((group) => ({
    ...group,
    accuracy: sampleOf(group.outcomes.flatMap((outcome) => reportedAccuracy(outcome) ?? [])),
    failed: group.outcomes.filter(hasFailed).length,
  }))
}

/** How runs of a group ended without a result, for figures that mark it: “failed” takes precedence over “diverged”. Null if all have a result. */
export const endedOf = ({ outcomes }: Pick<Group, 'outcomes'>): 'failed' | 'diverged' | null =>
  (['failed', 'diverged'] as const).find((end) => outcomes.some(({ state }) => state === end)) ?? null

/** Turns NaN, such as the mean of no values, into a missing cell. */
export const cell = (value: number): number | null => (Number.isNaN(value) ? null : value)

/** Columns that every table of accuracies by group has. */
export function accuracyColumns(groups: readonly Group[]) {
  const images = (group: Group): number | null =>
    group.outcomes.map(({ run }) => run?.reported?.images ?? null).find((known) => known !== null) ?? null
  const interval = groups.map((group) => wilsonInterval(cell(group.accuracy.mean), images(group)))
  return {
    accuracy: groups.map(({ accuracy }) => cell(accuracy.mean)),
    deviation: groups.map(({ accuracy }) => cell(accuracy.deviation)),
    low: groups.map(({ accuracy }) => cell(accuracy.mean - accuracy.deviation)),
    high: groups.map(({ accuracy }) => cell(accuracy.mean + accuracy.deviation)),
    binomialLow: interval.map((ends) => ends?.[0] ?? null),
    binomialHigh: interval.map((ends) => ends?.[1] ?? null),
    finished: groups.map(({ accuracy }) => accuracy.n),
    failed: groups.map(({ failed }) => failed),
  }
}

/** One row per cell, so that every seed is shown, including failed ones. */
export function cellColumns(outcomes: readonly StudyOutcome[]) {
  return {
    seed: outcomes.map(({ factors }) => (typeof factors['seed'] === 'number' ? factors['seed'] : null)),
    state: outcomes.map(({ state }) => state),
    accuracy: outcomes.map(reportedAccuracy),
    parameters: outcomes.map(({ run }) => run?.parameters ?? null),
    seconds: outcomes.map(({ seconds }) => seconds),
  }
}

/** Sentences about cells without a result. */
export function failures(outcomes: readonly StudyOutcome[]): string[] {
  return outcomes
    .filter(hasFailed)
    .map(
      ({ factors, state, reason }) =>
        `${describeFactors(factors)} ${state === 'diverged' ? 'diverged' : 'failed'}${reason ? `: ${reason}` : '.'}`,
    )
}
