import { z } from 'zod'
import { LabOptionsSchema, LabResultSchema, type LabFindings, type Quantity } from './lab.js'
import { ResourcesSchema } from './cluster.js'
import type { OptionDescriptions } from './option-descriptions.js'
import { ProjectIdSchema } from './projects.js'
import { CreateRunSchema, RunIdSchema, RunStatusSchema, type RunStatus, type RunSummary } from './runs.js'
import { BenchStepRequestSchema } from './tools.js'

/** Maximum number of cells of a study. */
export const MOST_CELLS = 1000

export const StudyIdSchema = RunIdSchema

/** The position of a cell in the grid of its study, by the keys of the template's quantities. */
export const FactorsSchema = z.record(z.string(), z.union([z.number(), z.string().max(200), z.boolean()]))
export type Factors = z.infer<typeof FactorsSchema>

/** Options of a computation; a list of numbers stays a list instead of becoming text. */
const ComputationOptionsSchema = z.record(z.string(), z.union([z.number(), z.boolean(), z.string().max(1000), z.array(z.number())]))

/**
 * The work of a cell: a run trains a network; a measurement determines time and memory of a training step in a process of its own, while
 * nothing else runs; a computation solves a problem in double precision without a network, in a thread of its own.
 */
export const CellWorkSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('run'), run: CreateRunSchema }),
  z.strictObject({ kind: z.literal('measurement'), request: BenchStepRequestSchema }),
  z.strictObject({
    kind: z.literal('computation'),
    computation: z.string().max(64),
    /** Revision of the computation; results of another revision may differ. */
    revision: z.int().min(1),
    options: ComputationOptionsSchema,
  }),
])
export type CellWork = z.infer<typeof CellWorkSchema>
export type WorkOf<Kind extends CellWork['kind']> = Extract<CellWork, { kind: Kind }>

/**
 * The states of runs, and: `removed` if the run of the cell no longer exists; `waiting` if it has reached the step up to which it was to be
 * trained, until it is decided which runs continue; `dropped` if it was decided that it does not.
 */
export const CellStateSchema = z.enum([...RunStatusSchema.options, 'removed', 'waiting', 'dropped'])
export type CellState = RunStatus | 'removed' | 'waiting' | 'dropped'

/** States in which a cell has no result and nothing more happens by itself: it can be repeated. */
export const REPEATABLE: readonly CellState[] = ['failed', 'diverged', 'stopped', 'interrupted', 'paused', 'removed']

export const StudyCellSchema = z.strictObject({
  /** Its index in the study, from 0. */
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
  /** Whether the result existed already: from another study, or from a finished run. */
  takenOver: z.boolean(),
  /** The results of the measurement or computation; NaN and infinities by name, as in cells of tables. */
  measured: z.record(z.string(), z.unknown()).nullable(),
  /** Seconds that its process worked on it; null while unknown. */
  seconds: z.number().nullable(),
  /** The phase of the study in which it was last started, from 0. */
  phase: z.int().min(0),
  /** The step up to which its run is trained before it is decided whether it continues; null if that is its last. */
  until: z.int().nullable(),
})
export type StudyCell = z.infer<typeof StudyCellSchema>

/** A cell with the row of its run, as reports see it. */
export type StudyOutcome = Omit<StudyCell, 'runId'> & {
  run: RunSummary | null
  /** The results of lab diagnostics for the run, by diagnostic, for those that the template names; absent if there are none. */
  diagnosed?: Readonly<Record<string, LabFindings>>
  /** Values by step, as far as the run has come, of the metric that the template compares or draws; absent if it has none. */
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
  /** All options of the template, including those with default values. */
  options: LabOptionsSchema,
  /** Milliseconds since 1970; a label. */
  createdAt: z.number(),
  /** The project that the runs it makes are put into; null for none. */
  projectId: ProjectIdSchema.nullable().default(null),
  /** Whether its measurements and computations wait until it is resumed. */
  held: z.boolean(),
  /** The number of decisions made so far on which cells follow. */
  phase: z.int(),
  /** Whether more cells may follow when the present ones are done. */
  undecided: z.boolean(),
  cells: z.int(),
  counts: CellCountsSchema,
})
export type Study = z.infer<typeof StudySchema>

/** The findings of a study so far: the same parts as a result of the lab, so that the same code draws and exports both. */
export const StudyReportSchema = LabResultSchema.pick({ summary: true, tables: true, figures: true, notes: true })
export type StudyReport = z.infer<typeof StudyReportSchema>

export interface StudyDetail {
  study: Study
  cells: StudyCell[]
  report: StudyReport
  /** Diagnostics that the template's report draws, with the finished runs that lack their results. */
  undiagnosed: { diagnostic: string; runIds: string[] }[]
  /** Estimated number of seconds until the last cell is done; null if nothing is running, or there is no estimate yet. */
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
  /** What its runs ask a cluster for; absent, they are computed here. Measurements and computations always are. */
  place: ResourcesSchema.optional(),
})
export type StartStudy = z.input<typeof StartStudySchema>

/** A preview of a study, without starting it. */
export interface StudyPreview {
  cells: { factors: Factors; kind: CellWork['kind']; title: string }[]
  /** Number of cells whose results exist already. */
  done: number
  /** Approximate number of cells that will follow when these are done. */
  more: number
  /** Estimated time of the others, in seconds; null if the speed of this machine was never measured. */
  seconds: number | null
  /** Why it cannot be started, as sentences, and the option that has to change; null if it is none in particular. */
  problems: { option: string | null; message: string }[]
}

/** A template as shown in forms and the documentation. */
export interface StudyTemplateInfo {
  id: string
  title: string
  /** The question that it answers. */
  question: string
  /** The limits of its answer. */
  limits: string
  quantities: Readonly<Record<string, Quantity>>
  options: OptionDescriptions
  /** Lab diagnostics whose results for its runs are drawn in the report. */
  diagnostics?: readonly string[]
  /** The name of a phase, as a column header; absent if all cells are created at once. */
  phaseName?: string
}

/**
 * Diagnostics of the lab and studies with the same question: the diagnostic answers it for one network, the study by runs or measurements.
 * Both take a preset.
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

/** Final states of cells. */
export const ENDED: readonly CellState[] = ['finished', 'failed', 'diverged', 'stopped', 'removed', 'dropped']

/** Whether every cell has ended and no more follow. */
export const isSettled = ({ cells, counts, undecided }: Pick<Study, 'cells' | 'counts' | 'undecided'>): boolean =>
  !undecided && cells === ENDED.reduce((sum, state) => sum + (counts[state] ?? 0), 0)

/** The factors of a cell as one line, for example `resnet-32, 500 images, seed 1`. */
export const describeFactors = (factors: Factors): string =>
  Object.entries(factors)
    .map(([key, value]) => (typeof value === 'string' ? value : `${key} ${value}`))
    .join(', ')
