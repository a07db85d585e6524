import { z } from 'zod'
import { LabOptionsSchema, LabResultSchema, type LabFindings, type Quantity } from './lab.js'
import type { OptionDescriptions } from './option-descriptions.js'
import { ProjectIdSchema } from './projects.js'
import { CreateRunSchema, RunIdSchema, RunStatusSchema, type RunStatus, type RunSummary } from './runs.js'
import { BenchStepRequestSchema } from './tools.js'

/** The most cells that one study may have. */
export const MOST_CELLS = 1000

export const StudyIdSchema = RunIdSchema

/** The position of a cell in the grid of its study, by the keys of the template's quantities. */
export const FactorsSchema = z.record(z.string(), z.union([z.number(), z.string().max(200), z.boolean()]))
export type Factors = z.infer<typeof FactorsSchema>

/** Options of a computation; a list of numbers stays one, and is no text. */
const ComputationOptionsSchema = z.record(z.string(), z.union([z.number(), z.boolean(), z.string().max(1000), z.array(z.number())]))

/**
 * What a cell does: a run trains a network; a measurement times and weighs a training step in a process of its own, beside nothing else; a
 * computation solves a problem in double precision without a network, in a thread of its own.
 */
export const CellWorkSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('run'), run: CreateRunSchema }),
  z.strictObject({ kind: z.literal('measurement'), request: BenchStepRequestSchema }),
  z.strictObject({
    kind: z.literal('computation'),
    computation: z.string().max(64),
    /** Of the computation; results of another revision may differ. */
    revision: z.int().min(1),
    options: ComputationOptionsSchema,
  }),
])
export type CellWork = z.infer<typeof CellWorkSchema>
export type WorkOf<Kind extends CellWork['kind']> = Extract<CellWork, { kind: Kind }>

/**
 * As those of runs, and: `removed` when the run of the cell is no longer there; `waiting` when it has come to the step up to which it was to be
 * trained, until it is decided which go on; `dropped` when it was decided that it does not.
 */
export const CellStateSchema = z.enum([...RunStatusSchema.options, 'removed', 'waiting', 'dropped'])
export type CellState = RunStatus | 'removed' | 'waiting' | 'dropped'

/** States in which nothing more happens to a cell by itself, and it has no result: it can be done again. */
export const REPEATABLE: readonly CellState[] = ['failed', 'diverged', 'stopped', 'interrupted', 'paused', 'removed']

export const StudyCellSchema = z.strictObject({
  /** Its place in the study, from 0. */
  position: z.int().min(0),
  factors: FactorsSchema,
  work: CellWorkSchema,
  /** Identifies what it computes; cells and runs of the same key give the same result. */
  key: z.string(),
  state: CellStateSchema,
  /** Why it failed or diverged, as a sentence. */
  reason: z.string().nullable(),
  /** The run that does its work. */
  runId: RunIdSchema.nullable(),
  /** Whether the result was there already: of another study, or of a run that had finished. */
  takenOver: z.boolean(),
  /** What the measurement or computation found; numbers that JSON lacks are there by their names, as in cells of tables. */
  measured: z.record(z.string(), z.unknown()).nullable(),
  /** Seconds that its process worked on it; null while unknown. */
  seconds: z.number().nullable(),
  /** The phase of the study in which it was last set to work, from 0. */
  phase: z.int().min(0),
  /** The step up to which its run is trained before it is decided whether it goes on; null when that is its last. */
  until: z.int().nullable(),
})
export type StudyCell = z.infer<typeof StudyCellSchema>

/** A cell with the row of its run, as reports see it. */
export type StudyOutcome = Omit<StudyCell, 'runId'> & {
  run: RunSummary | null
  /** What diagnostics of the lab found of the run, by diagnostic, of those that the template names; absent where none has. */
  diagnosed?: Readonly<Record<string, LabFindings>>
  /** Values of the metric by which the template compares runs, or draws them, by step, as far as the run has come; absent where it has none. */
  compared?: Readonly<Record<number, number>>
}

/** Cells by state; states without any are absent. */
export const CellCountsSchema = z.partialRecord(CellStateSchema, z.int())
export type CellCounts = z.infer<typeof CellCountsSchema>

/** One row of the list of studies. */
export const StudySchema = z.strictObject({
  id: StudyIdSchema,
  name: z.string(),
  template: z.string(),
  /** All options of the template, also those that have their default. */
  options: LabOptionsSchema,
  /** Milliseconds since 1970; a label. */
  createdAt: z.number(),
  /** The project that the runs it makes are put into; null for none. */
  projectId: ProjectIdSchema.nullable().default(null),
  /** Whether its measurements and computations wait until it is resumed. */
  held: z.boolean(),
  /** How often it was decided what follows the cells that there were. */
  phase: z.int(),
  /** Whether more follows when its present cells are done. */
  undecided: z.boolean(),
  cells: z.int(),
  counts: CellCountsSchema,
})
export type Study = z.infer<typeof StudySchema>

/** What a study shows so far: the same parts as a result of the lab, so that the same code draws and exports both. */
export const StudyReportSchema = LabResultSchema.pick({ summary: true, tables: true, figures: true, notes: true })
export type StudyReport = z.infer<typeof StudyReportSchema>

export interface StudyDetail {
  study: Study
  cells: StudyCell[]
  report: StudyReport
  /** Diagnostics that the template's report draws, with the finished runs that have no result of them. */
  undiagnosed: { diagnostic: string; runIds: string[] }[]
  /** Estimate of the seconds until the last cell is done; null when nothing is going on, or nothing is known yet. */
  remainingSeconds: number | null
  /** The command that starts the same study. */
  command: string
}

export const StartStudySchema = z.strictObject({
  template: z.string().max(64),
  options: LabOptionsSchema.default({}),
  name: z.string().trim().max(200).optional(),
  /** The project that it and the runs it makes are put into. */
  projectId: ProjectIdSchema.optional(),
})
export type StartStudy = z.input<typeof StartStudySchema>

/** What would become of a study, without starting it. */
export interface StudyPreview {
  cells: { factors: Factors; kind: CellWork['kind']; title: string }[]
  /** Cells whose results are there already. */
  done: number
  /** About how many cells follow from these, when they are done. */
  more: number
  /** Estimate of the time that the others take; null where the speed of this machine was never measured. */
  seconds: number | null
  /** Why it cannot be started, as sentences. */
  problems: string[]
}

/** What a form and the documentation show of a template. */
export interface StudyTemplateInfo {
  id: string
  title: string
  /** What it answers. */
  question: string
  /** What its answer does not say. */
  limits: string
  quantities: Readonly<Record<string, Quantity>>
  options: OptionDescriptions
  /** Diagnostics of the lab whose results of its runs the report draws. */
  diagnostics?: readonly string[]
  /** What its phases are called, as the heading of a column; absent where all cells are made at once. */
  phaseName?: string
}

/**
 * Diagnostics of the lab and studies of the same question: the diagnostic answers it for one network, the study by runs or measurements. Both
 * take a preset.
 */
export const COUNTERPARTS: readonly { diagnostic: string; study: string; whatStudyDoes: string; whatDiagnosticDoes: string }[] = [
  {
    diagnostic: 'memory-depth',
    study: 'memory-depth',
    whatStudyDoes: 'Measure memory and time in fresh processes',
    whatDiagnosticDoes: 'Estimate memory and time at once in the lab',
  },
  {
    diagnostic: 'spectrum',
    study: 'depth-step',
    whatStudyDoes: 'Train over step sizes and depths',
    whatDiagnosticDoes: 'Stability of one network in the lab',
  },
]

/** States of cells that have come to their ends. */
export const ENDED: readonly CellState[] = ['finished', 'failed', 'diverged', 'stopped', 'removed', 'dropped']

/** Whether every cell has come to its end, and nothing follows. */
export const isSettled = ({ cells, counts, undecided }: Pick<Study, 'cells' | 'counts' | 'undecided'>): boolean =>
  !undecided && cells === ENDED.reduce((sum, state) => sum + (counts[state] ?? 0), 0)

/** The factors of a cell as one line, for example `resnet-32, 500 images, seed 1`. */
export const describeFactors = (factors: Factors): string =>
  Object.entries(factors)
    .map(([key, value]) => (typeof value === 'string' ? value : `${key} ${value}`))
    .join(', ')
