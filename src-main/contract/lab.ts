import { z } from 'zod'
import { csv } from './csv.js'
import { OptionValueSchema, RunConfigSchema, type RunConfig } from './config.js'
import { CreateRunSchema, RunIdSchema } from './runs.js'
import type { OptionDescriptions } from './option-descriptions.js'

/** The single definition of a quantity that a diagnostic measures, used by results, help, charts and docs/lab.md. */
export const QuantitySchema = z.strictObject({
  label: z.string().min(1),
  /** Its symbol in formulas; empty if it has none. */
  symbol: z.string(),
  /** Empty for a pure number. */
  unit: z.string(),
  /** How it is computed. */
  formula: z.string().min(1),
  /** Paper and section, or who defined it. */
  source: z.string().min(1),
})
export type Quantity = z.infer<typeof QuantitySchema>

/** A number; NaN and infinities, which JSON lacks, by name ('NaN', 'Infinity', '-Infinity'); a text; null for an empty cell. */
export const CellSchema = z.union([z.number(), z.string().max(1000), z.null()])
export type Cell = z.infer<typeof CellSchema>

/** Any number as a cell. */
export const cellOf = (value: number): Cell => (Number.isFinite(value) ? value : String(value))

/** The number in a cell; NaN for a text and for an empty cell. */
export const numberOf = (cell: Cell | undefined): number => (cell === null || cell === undefined || cell === '' ? NaN : Number(cell))

const Key = z.string().regex(/^[a-z][A-Za-z0-9]*$/)
const Labelled = { key: Key, label: z.string(), symbol: z.string(), unit: z.string() }

export const LabTableSchema = z
  .strictObject({
    key: Key,
    title: z.string(),
    /** All of the same length. */
    columns: z.array(z.strictObject({ ...Labelled, values: z.array(CellSchema) })).min(1),
  })
  .refine(({ columns }) => columns.every(({ values }) => values.length === columns[0]!.values.length), 'columns of a table have one length')
export type LabTable = z.infer<typeof LabTableSchema>

/** A table as a file: one column for each quantity by its key, every value in full precision. */
export const labCsv = ({ columns }: LabTable): string =>
  csv(
    columns.map(({ key }) => key),
    (columns[0]?.values ?? []).map((_, row) => columns.map(({ values }) => values[row])),
  )

/** Whether a logarithmic axis suits the values: positive ones that span two decades. */
export function spansDecades(values: readonly unknown[]): boolean {
  const numbers = values.filter((value) => typeof value === 'number')
  return numbers.length > 2 && Math.min(...numbers) > 0 && Math.max(...numbers) / Math.min(...numbers) >= 100
}

/** The axis on which a column is drawn, and its scale. Label and unit are those of the column. */
const AxisSchema = z.strictObject({ label: z.string(), unit: z.string(), log: z.boolean() })
const MarkSchema = z.strictObject({ axis: z.enum(['x', 'y']), value: z.number(), label: z.string() })
const ImageSchema = z
  .strictObject({
    label: z.string(),
    height: z.int().min(1),
    width: z.int().min(1),
    /** Row by row. */
    values: z.array(z.number().nullable()),
  })
  .refine(({ height, width, values }) => values.length === height * width, 'an image has a value for each pixel')
const Figure = { title: z.string(), table: Key, xAxis: AxisSchema, yAxis: AxisSchema }

/** One curve for each y, and for each value of `by`. */
export const LineFigureSchema = z.strictObject({
  kind: z.literal('line'),
  ...Figure,
  x: Key,
  y: z.array(Key).min(1),
  by: Key.nullable(),
  marks: z.array(MarkSchema),
  /** Columns with the ends of the error bars of the first y; a point with empty cells has no error bar. */
  spread: z.strictObject({ low: Key, high: Key }).optional(),
  /** Values of `by` whose points are drawn as markers without a line: published values. */
  loose: z.array(z.string()).optional(),
})

export const HeatmapFigureSchema = z.strictObject({
  kind: z.literal('heatmap'),
  ...Figure,
  x: Key,
  y: Key,
  value: Key,
  valueAxis: AxisSchema,
  /** A column that states for each cell whether its runs "diverged" or "failed"; such cells are hatched. */
  ended: Key.optional(),
})

/** A figure of the tables' data; x, y, value and `by` are keys of columns. */
export const LabFigureSchema = z.discriminatedUnion('kind', [
  LineFigureSchema,
  z.strictObject({
    kind: z.literal('scatter'),
    ...Figure,
    x: Key,
    y: Key,
    /** The column that colours the points. */
    by: Key.nullable(),
    /** Both axes have the same scale, as in the complex plane. */
    equal: z.boolean(),
    /** Regions by their corners; two points define a line. */
    regions: z.array(z.strictObject({ label: z.string(), points: z.array(z.tuple([z.number(), z.number()])).min(2) })),
  }),
  HeatmapFigureSchema,
  /** Rows of single-channel images; the images of a row share the scale of their values. */
  z.strictObject({
    kind: z.literal('strip'),
    title: z.string(),
    rows: z.array(z.strictObject({ label: z.string(), low: z.number(), high: z.number(), images: z.array(ImageSchema).min(1) })).min(1),
  }),
])
export type LabFigure = z.infer<typeof LabFigureSchema>

/** The network that was measured, in enough detail for a caption. */
export const LabSubjectSchema = z.strictObject({
  arch: z.string(),
  preset: z.string(),
  dataset: z.string(),
  seed: z.int(),
  /** Number of updates that the weights have had; 0 for a fresh network. */
  step: z.int().min(0),
  /** Hash of parameters and running statistics, which the measurement does not change. */
  weightsHash: z.string(),
})
export type LabSubject = z.infer<typeof LabSubjectSchema>

/** The same types as options of architectures, and texts long enough for a path. */
export const LabOptionSchema = z.union([OptionValueSchema, z.string().max(4096)])
export const LabOptionsSchema = z.record(z.string(), LabOptionSchema)
export type LabOptions = z.infer<typeof LabOptionsSchema>

/** Keys of a configuration with numeric values. */
export type NumericKey = { [Key in keyof RunConfig]: RunConfig[Key] extends number ? Key : never }[keyof RunConfig]

/** A value of a configuration suggested by a result. */
export const SuggestionSchema = z.strictObject({
  key: z.custom<NumericKey>((key) => typeof key === 'string' && key in RunConfigSchema.shape, 'a key of a configuration'),
  value: z.number(),
})
export type Suggestion = z.infer<typeof SuggestionSchema>

/** The result of a diagnostic. A value that did not converge has no cell and no figure, which a note explains. */
export const LabResultSchema = z.strictObject({
  diagnostic: z.string(),
  title: z.string(),
  subject: LabSubjectSchema,
  options: LabOptionsSchema,
  /** The key figures, which a summary in one sentence would contain. */
  summary: z.array(z.strictObject({ ...Labelled, value: CellSchema })),
  tables: z.array(LabTableSchema),
  figures: z.array(LabFigureSchema),
  /** Errors or iterations, the algorithm used, images and statistics, and what did not converge. */
  notes: z.array(z.strictObject({ level: z.enum(['info', 'warning']), text: z.string() })),
  /** For a new run of the same network; absent if nothing is suggested. */
  suggestion: SuggestionSchema.optional(),
  seconds: z.number().min(0),
})
export type LabResult = z.infer<typeof LabResultSchema>

/** The part of a result that a report about several runs uses. */
export type LabFindings = Pick<LabResult, 'summary' | 'tables'>

const data = {
  datasetFolder: z.string(),
  /** Hash of the data that the weights were trained on; null or absent if unknown. */
  datasetHash: z.string().nullable().optional(),
}

/** The weights under examination: those of a checkpoint, or the initial ones of a configuration. Absolute paths. */
export const LabSourceSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('checkpoint'), checkpoint: z.string(), ...data }),
  z.strictObject({ kind: z.literal('fresh'), config: RunConfigSchema, ...data }),
])
export type LabSource = z.infer<typeof LabSourceSchema>

export const LabRequestSchema = z.strictObject({
  diagnostic: z.string(),
  source: LabSourceSchema,
  options: LabOptionsSchema,
  /** The speed of training steps on this machine, for estimates; null if it was never measured. */
  speed: z.strictObject({ operationsPerSecond: z.number(), secondsPerForce: z.number() }).nullable(),
})
export type LabRequest = z.infer<typeof LabRequestSchema>

/** The questions answered by diagnostics, in listing order. */
export const LAB_SECTIONS = {
  reverse: 'See it reverse',
  stability: 'Why it is stable',
  neurons: 'Run it on spiking neurons',
} as const
export type LabSection = keyof typeof LAB_SECTIONS

/** Diagnostics in their order, grouped by section. */
export const bySection = <T extends { section: LabSection }>(diagnostics: readonly T[]): { title: string; diagnostics: T[] }[] =>
  (Object.entries(LAB_SECTIONS) as [LabSection, string][])
    .map(([section, title]) => ({ title, diagnostics: diagnostics.filter((each) => each.section === section) }))
    .filter((group) => group.diagnostics.length > 0)

/** A diagnostic as shown in forms and the documentation. */
export interface DiagnosticInfo {
  id: string
  title: string
  section: LabSection
  /** The question that it answers. */
  question: string
  /** The limits of its answer. */
  limits: string
  quantities: Readonly<Record<string, Quantity>>
  options: OptionDescriptions
}

/**
 * The network on which a window runs a diagnostic: the weights of a checkpoint of a run (its last by default), or the initial ones of a new
 * run.
 */
export const LabTargetSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('run'), id: RunIdSchema, step: z.int().min(0).optional() }),
  z.strictObject({ kind: z.literal('fresh'), network: CreateRunSchema.pick({ preset: true, dataset: true, overrides: true }) }),
])
export type LabTarget = z.infer<typeof LabTargetSchema>
/** The input type, as clients send it. */
export type LabTargetInput = z.input<typeof LabTargetSchema>

export const RunDiagnosticSchema = z.strictObject({
  target: LabTargetSchema,
  diagnostic: z.string().max(64),
  options: LabOptionsSchema.default({}),
  /** With this id, the caller follows and cancels the task. */
  taskId: z.string().max(64),
})
export type RunDiagnostic = z.infer<typeof RunDiagnosticSchema>

/** A result stored with its run, without its tables and figures. A new result of the same diagnostic with the same options replaces it. */
export const LabEntrySchema = z.strictObject({
  number: z.int().min(1),
  runId: RunIdSchema,
  /** File name of the checkpoint, which may have been deleted. */
  file: z.string(),
  step: z.int().min(0),
  /** Milliseconds since 1970. */
  at: z.number(),
  diagnostic: z.string(),
  title: z.string(),
  options: LabOptionsSchema,
  seconds: z.number().min(0),
})
export type LabEntry = z.infer<typeof LabEntrySchema>
