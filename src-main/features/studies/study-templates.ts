import type { Preset } from '../../contract/catalogue.js'
import type { Dataset } from '../../contract/datasets.js'
import type { LabOptions } from '../../contract/lab.js'
import type { StudyOutcome, StudyReport, StudyTemplateInfo } from '../../contract/studies.js'
import type { Awaitable } from '../shared/clock.js'
import type { Expansion, NewCell } from './expand.js'

/** What templates refer to, without what only a host knows. */
export interface TemplateHome {
  datasets: readonly Dataset[]
  presets: readonly Preset[]
}

/** What follows the cells that there are. */
export interface Continuation {
  /** Cells that are made now. */
  cells: readonly NewCell[]
  /** Cells whose runs go on, each up to that step, null for its end. */
  train: readonly { position: number; until: number | null }[]
  /** Whether nothing more follows. */
  last: boolean
}

export interface StudyPhases {
  /** The metric by which runs are compared, and at which steps. */
  compared: { metric: string; steps: readonly number[] } | null
  /** Asked once for each phase, when its cells have ended or wait. @param phase the one that is over */
  next(outcomes: readonly StudyOutcome[], phase: number, home: TemplateHome): Continuation
  /** About how many cells are made in later phases. */
  moreCells?: number
  /** Estimate of the steps that are trained after this phase, of a study with so many cells. */
  later(cells: number, phase: number): number
}

/** What templates there are, and what they make of their cells. */
export interface StudyTemplates {
  list(): Awaitable<StudyTemplateInfo[]>
  /** @throws UserError NOT_FOUND, or BAD_INPUT that names the options that are wrong */
  expand(template: string, options: LabOptions, home: TemplateHome): Awaitable<Expansion>
  /** How the cells of later phases follow from those of earlier ones; null where these options make all cells at once. */
  phases(template: string, options: LabOptions): Awaitable<StudyPhases | null>
  /** The metric and the steps whose values reports get; null when they get none. */
  compared(template: string, options: LabOptions): Awaitable<StudyPhases['compared']>
  /** Tables and figures of what there is so far. */
  report(template: string, options: LabOptions, outcomes: readonly StudyOutcome[], home: TemplateHome): Awaitable<StudyReport>
}
