import type { Preset } from '../../contract/catalogue.js'
import type { Dataset } from '../../contract/datasets.js'
import type { LabOptions } from '../../contract/lab.js'
import type { StudyOutcome, StudyReport, StudyTemplateInfo } from '../../contract/studies.js'
import type { Awaitable } from '../shared/clock.js'
import type { Expansion, NewCell } from './expand.js'

/** What templates can refer to, without information that only a host has. */
export interface TemplateHome {
  datasets: readonly Dataset[]
  presets: readonly Preset[]
}

/** What follows the existing cells. */
export interface Continuation {
  /** Cells that are created now. */
  cells: readonly NewCell[]
  /** Cells whose runs continue, each up to that step, null for its end. */
  train: readonly { position: number; until: number | null }[]
  /** Whether nothing more follows. */
  last: boolean
}

export interface StudyPhases {
  /** The metric by which runs are compared, and the steps at which. */
  compared: { metric: string; steps: readonly number[] } | null
  /** Called once for each phase, when its cells have ended or wait. @param phase the phase that has ended */
  next(outcomes: readonly StudyOutcome[], phase: number, home: TemplateHome): Continuation
  /** Approximate number of cells created in later phases. */
  moreCells?: number
  /** Estimated number of steps trained after this phase, for a study with this number of cells. */
  later(cells: number, phase: number): number
}

/** The available templates, and how they create and evaluate cells. */
export interface StudyTemplates {
  list(): Awaitable<StudyTemplateInfo[]>
  /** @throws UserError NOT_FOUND, or BAD_INPUT that names the options that are wrong */
  expand(template: string, options: LabOptions, home: TemplateHome): Awaitable<Expansion>
  /** How the cells of later phases follow from those of earlier ones; null if these options create all cells at once. */
  phases(template: string, options: LabOptions): Awaitable<StudyPhases | null>
  /** The metric and the steps whose values reports get; null when they get none. */
  compared(template: string, options: LabOptions): Awaitable<StudyPhases['compared']>
  /** Tables and figures of the results so far. */
  report(template: string, options: LabOptions, outcomes: readonly StudyOutcome[], home: TemplateHome): Awaitable<StudyReport>
}
