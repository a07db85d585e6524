import type { z } from 'zod'
import type { Preset } from '../contract/catalogue.js'
import type { OptionValue } from '../contract/config.js'
import type { Dataset } from '../contract/datasets.js'
import type { CellWork, Factors, StudyOutcome } from '../contract/studies.js'
import type { Findings } from '../lab/findings.js'
import type { Quantities } from '../lab/quantities.js'

export type StudyOptions = Readonly<Record<string, z.ZodType<OptionValue>>>
export type OptionsOf<O extends StudyOptions> = { readonly [Key in keyof O]: z.infer<O[Key]> }

/** What a template can refer to. */
export interface StudyHome {
  datasets: readonly Dataset[]
  presets: readonly Preset[]
  memoryBytes: number
}

/** A cell that is about to be made. Its factors are keys of the template's quantities. */
export interface NewCell<Q extends Quantities = Quantities> {
  factors: Factors & Partial<Record<keyof Q & string, Factors[string]>>
  work: CellWork
  /** The step up to which its run is trained in the first phase; absent for its whole length. */
  until?: number
}

/** How cells of later phases follow from those of earlier ones. */
export interface Phases<Q extends Quantities = Quantities> {
  /** The metric by which runs are compared, and at which steps; null when no runs are. */
  compared: { metric: string; steps: readonly number[] } | null
  /**
   * What follows a phase, whose cells have all ended or wait. It is asked once for each phase, so that the same outcomes must give the same answer.
   * `train` are places of cells whose runs go on, up to a step or, for null, to their ends; with `last` nothing more follows.
   */
  next(
    outcomes: readonly StudyOutcome[],
    phase: number,
    home: StudyHome,
  ): { cells: NewCell<Q>[]; train: { position: number; until: number | null }[]; last: boolean }
  /** About how many cells are made in later phases. */
  moreCells?: number
  /** Estimate of the steps that are trained after a phase of a study of so many cells. */
  later(cells: number, phase: number): number
}

export interface Definition<Q extends Quantities, O extends StudyOptions> {
  /** Its name on the command line, which is also the name of its file. */
  id: string
  title: string
  /** What it answers, as a question. */
  question: string
  /** What its answer does not say. */
  limits: string
  /** Its place in lists: the lowest comes first. */
  rank: number
  /** Every factor of its cells and everything that it reports. */
  quantities: Q
  /** Further ones that only the options decide, such as the keys of a search. */
  furtherQuantities?(options: OptionsOf<O>): Quantities
  /** What `phases` are called, as the heading of a column, such as "Rung". */
  phaseName?: string
  /** For cells that follow from others; null when these options make all at once. @throws UserError BAD_INPUT when options contradict each other */
  phases?(options: OptionsOf<O>): Phases<Q> | null
  /** A metric and steps whose values of each run the report has (`StudyOutcome.compared`); those that `phases` compares by, if absent. */
  compared?(options: OptionsOf<O>): Phases<Q>['compared']
  /** Diagnostics of the lab whose stored results of its runs the report draws: see `StudyOutcome.diagnosed`. */
  diagnostics?: readonly string[]
  /** Made with `field()`, each with a default. */
  options: O
  /**
   * All cells, in the order in which they are queued.
   * @throws UserError BAD_INPUT when options contradict each other or what there is
   */
  expand(options: OptionsOf<O>, home: StudyHome): NewCell<Q>[]
  /**
   * Tables and figures of what there is so far. It is called again as results arrive, so it must not take long, and must not fail while
   * cells have no result; cells that failed are reported, never left out.
   */
  report(outcomes: readonly StudyOutcome[], options: OptionsOf<O>, home: StudyHome, findings: Findings<Q>): void
}

/** A template whose own types nobody has to know. */
export type Template = Definition<Quantities, StudyOptions>

/** Checks a definition by its own types and returns it as any template. */
export const defineStudy = <Q extends Quantities, O extends StudyOptions>(definition: Definition<Q, O>): Template =>
  definition as unknown as Template
