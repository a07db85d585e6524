import type { z } from 'zod'
import type { Preset } from '../contract/catalogue.js'
import type { OptionValue } from '../contract/config.js'
import type { Dataset } from '../contract/datasets.js'
import type { CellWork, Factors, StudyOutcome } from '../contract/studies.js'
import type { Findings } from '../lab/findings.js'
import type { Quantities } from '../lab/quantities.js'

export type StudyOptions = Readonly<Record<string, z.ZodType<OptionValue>>>
export type OptionsOf<O extends StudyOptions> = { readonly [Key in keyof O]: z.infer<O[Key]> }

/** The information that a template can refer to. */
export interface StudyHome {
  datasets: readonly Dataset[]
  presets: readonly Preset[]
  memoryBytes: number
}

/** A cell to be created. Its factors are keys of the template's quantities. */
export interface NewCell<Q extends Quantities = Quantities> {
  factors: Factors & Partial<Record<keyof Q & string, Factors[string]>>
  work: CellWork
  /** The step up to which its run is trained in the first phase; absent for its whole length. */
  until?: number
}

/** How cells of later phases follow from those of earlier ones. */
export interface Phases<Q extends Quantities = Quantities> {
  /** The metric by which runs are compared, and the steps at which; null if no runs are compared. */
  compared: { metric: string; steps: readonly number[] } | null
  /**
   * What follows a phase, whose cells have all ended or wait. Called once for each phase; equal outcomes must give equal results. `train`
   * contains indices of cells whose runs continue, up to a step or, for null, to their ends; with `last`, nothing more follows.
   */
  next(
    outcomes: readonly StudyOutcome[],
    phase: number,
    home: StudyHome,
  ): { cells: NewCell<Q>[]; train: { position: number; until: number | null }[]; last: boolean }
  /** Approximate number of cells created in later phases. */
  moreCells?: number
  /** Estimated number of steps trained after a phase, for a study with this number of cells. */
  later(cells: number, phase: number): number
}

export interface Definition<Q extends Quantities, O extends StudyOptions> {
  /** Its name on the command line, which is also the name of its file. */
  id: string
  title: string
  /** The question that it answers. */
  question: string
  /** The limits of its answer. */
  limits: string
  /** Its position in lists, in ascending order. */
  rank: number
  /** Every factor of its cells and every quantity that it reports. */
  quantities: Q
  /** Additional quantities that depend on the options, such as the keys of a search. */
  furtherQuantities?(options: OptionsOf<O>): Quantities
  /** The name of a phase, as a column header, such as "Rung". */
  phaseName?: string
  /**
   * For cells that follow from others; null if these options create all cells at once. @throws UserError BAD_INPUT if options contradict
   * each other
   */
  phases?(options: OptionsOf<O>): Phases<Q> | null
  /**
   * A metric and steps whose values for each run are passed to the report (`StudyOutcome.compared`); by default those by which `phases`
   * compares.
   */
  compared?(options: OptionsOf<O>): Phases<Q>['compared']
  /** Lab diagnostics whose stored results for its runs are drawn in the report: see `StudyOutcome.diagnosed`. */
  diagnostics?: readonly string[]
  /** Created with `field()`, each with a default. */
  options: O
  /**
   * All cells, in the order in which they are queued.
   * @throws UserError BAD_INPUT if options contradict each other or the home
   */
  expand(options: OptionsOf<O>, home: StudyHome): NewCell<Q>[]
  /**
   * Tables and figures of the results so far. It is called again as results arrive, so it must be fast, and must not fail while cells have
   * no result; failed cells are reported, never left out.
   */
  report(outcomes: readonly StudyOutcome[], options: OptionsOf<O>, home: StudyHome, findings: Findings<Q>): void
}

/** A template with its own types erased. */
export type Template = Definition<Quantities, StudyOptions>

/** Type-checks a definition and returns it as a generic template. */
export const defineStudy = <Q extends Quantities, O extends StudyOptions>(definition: Definition<Q, O>): Template =>
  definition as unknown as Template
