import { cellOf, type LabOptions, type LabTable } from '../../src-main/contract/lab.js'
import { ENDED, type CellState, type StudyOutcome, type StudyReport } from '../../src-main/contract/studies.js'
import { describePresets } from '../../src-main/numeric/describe.js'
import { compute } from '../../src-main/studies/compute.js'
import { expandTemplate, phasesOf, reportTemplate } from '../../src-main/studies/run.js'
import type { NewCell, StudyHome } from '../../src-main/studies/template.js'
import { sampleDataset, sampleSummary } from '../fixtures/records.js'

/** A home with CIFAR-10 of this size. */
export const homeWith = (train = 10_000, test = 10_000): StudyHome => ({
  datasets: [{ ...sampleDataset('cifar-10'), format: 'cifar-10', counts: { train, test, unlabelled: 0 } }],
  presets: describePresets(),
  memoryBytes: 16 * 2 ** 30,
})

/** A table of a diagnostic, by its columns. */
export const tableOf = (key: string, columns: Record<string, (number | string)[]>): LabTable => ({
  key,
  title: key,
  columns: Object.entries(columns).map(([of, values]) => ({ key: of, label: of, symbol: '', unit: '', values })),
})

export interface Played {
  state: CellState
  accuracy?: number
  best?: Record<string, number>
  /** Number of test images. */
  images?: number
  reason?: string
  measured?: Record<string, unknown>
  seconds?: number
  /** The step that the run has reached. */
  step?: number
  diagnosed?: StudyOutcome['diagnosed']
  phase?: number
  compared?: Record<number, number>
}

type Outcome = (cell: NewCell, position: number) => Played

/** The cells of a template, with the outcomes given by the test. */
export function outcomesOf(id: string, options: LabOptions, home: StudyHome, outcome: Outcome): StudyOutcome[] {
  return outcomesOfCells(expandTemplate(id, options, home).cells, 0, outcome)
}

/** The same for cells that are created later. @param first the position of the first of them */
export function outcomesOfCells(cells: readonly NewCell[], first: number, outcome: Outcome): StudyOutcome[] {
  return cells.map((cell, at): StudyOutcome => {
    const position = first + at
    const {
      state,
      accuracy,
      best = {},
      images = 10_000,
      reason = null,
      measured = null,
      seconds = null,
      step = 0,
      diagnosed,
      phase = 0,
      compared,
    } = outcome(cell, position)
    const values: Record<string, number> = accuracy === undefined ? {} : { 'test/accuracy': accuracy }
    const reported = accuracy === undefined ? null : { step: 1, images, values }
    const run = cell.work.kind === 'run' ? sampleSummary(`run${position}`, { status: state as never, reported, best, step }) : null
    return {
      ...cell,
      position,
      key: String(position),
      takenOver: false,
      state,
      reason,
      measured,
      seconds,
      run,
      phase,
      until: cell.until ?? null,
      ...(diagnosed ? { diagnosed } : {}),
      ...(compared ? { compared } : {}),
    }
  })
}

/** The report of a template whose cells have the outcomes given by the test; its computations that follow are executed. */
export function played(id: string, options: LabOptions, home: StudyHome, outcome: Outcome): StudyReport {
  const { options: whole, cells } = expandTemplate(id, options, home)
  const outcomes = outcomesOfCells(cells, 0, outcome)
  const phases = outcomes.every(({ state }) => ENDED.includes(state)) ? phasesOf(id, whole) : null
  const more = phases?.next(outcomes, Math.max(...outcomes.map(({ phase }) => phase)), home).cells ?? []
  const computed = more.filter(({ work }) => work.kind === 'computation')
  return reportTemplate(id, whole, [...outcomes, ...outcomesOfCells(computed, outcomes.length, computedOf)], home)
}

/** The rows of a table as objects by key. */
export function rowsOf(report: StudyReport, key: string): Record<string, unknown>[] {
  const { columns } = report.tables.find((table) => table.key === key) as LabTable
  return (columns[0]?.values ?? []).map((_, row) => Object.fromEntries(columns.map((column) => [column.key, column.values[row]])))
}

/** The result of a cell's computation, as it is read from storage. */
export const computedOf = ({ work }: NewCell): Played => {
  if (work.kind !== 'computation') throw new Error(`the cell is a ${work.kind}`)
  const found = compute(work, () => undefined)
  const text = JSON.stringify(found, (_, value: unknown) => (typeof value === 'number' ? cellOf(value) : value))
  return { state: 'finished', measured: JSON.parse(text) as Record<string, unknown> }
}
