import { z } from 'zod'
import { csv } from './csv.js'
import { OptionValueSchema, RunConfigSchema, type RunConfig } from './config.js'
import { CreateRunSchema, RunIdSchema } from './runs.js'
import type { OptionDescriptions } from './option-descriptions.js'

/** The one definition of what a diagnostic measures: result, help, charts and docs/lab.md take it from here. */
export const QuantitySchema = z.strictObject({
  label: z.string().min(1),
  /** As formulas write it; empty where it has none. */
  symbol: z.string(),
  /** Empty for a pure number. */
  unit: z.string(),
  /** How it is computed. */
  formula: z.string().min(1),
  /** Paper and section, or who defines it. */
  source: z.string().min(1),
})
export type Quantity = z.infer<typeof QuantitySchema>

/** A number; one that JSON lacks by its name ('NaN', 'Infinity', '-Infinity'); a text; null where there is nothing. */
export const CellSchema = z.union([z.number(), z.string().max(1000), z.null()])
export type Cell = z.infer<typeof CellSchema>

/** Any number as a cell. */
export const cellOf = (value: number): Cell => (Number.isFinite(value) ? value : String(value))

/** The number that a cell holds; NaN of a text, and where there is nothing. */
export const numberOf = (cell: Cell | undefined): number => (cell === null || cell === undefined || cell === '' ? NaN : Number(cell))

const Key = z.string().regex(/^[a-z][A-Za-z0-9]*$/)
const Labelled = { key: Key, label: z.string(), symbol: z.string(), unit: z.string() }

export const LabTableSchema = z
  .strictObject({
    key: Key,
    title: z.string(),
    /** All of one length. */
    columns: z.array(z.strictObject({ ...Labelled, values: z.array(CellSchema) })).min(1),
  })
  .refine(({ columns }) => columns.every(({ values }) => values.length === columns[0]!.values.length), 'columns of a table have one length')
export type LabTable = z.infer<typeof LabTableSchema>

/** A table as a file: a column for each quantity by its key, every value in full precision. */
export const labCsv = ({ columns }: LabTable): string =>
  csv(
    columns.map(({ key }) => key),
    (columns[0]?.values ?? []).map((_, row) => columns.map(({ values }) => values[row])),
  )

/** Whether values are read better on a logarithmic axis: positive ones over two decades. */
export function spansDecades(values: readonly unknown[]): boolean {
  const numbers = values.filter((value) => typeof value === 'number')
  return numbers.length > 2 && Math.min(...numbers) > 0 && Math.max(...numbers) / Math.min(...numbers) >= 100
}

/** Where it is drawn on and by which scale. Label and unit are those of the column. */
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

/** A curve for each y, and within it for each value of `by`. */
export const LineFigureSchema = z.strictObject({
  kind: z.literal('line'),
  ...Figure,
  x: Key,
  y: z.array(Key).min(1),
  by: Key.nullable(),
  marks: z.array(MarkSchema),
  /** Columns with both ends of an error bar of the first y; where they are empty, a point has none. */
  spread: z.strictObject({ low: Key, high: Key }).optional(),
  /** Values of `by` whose points are drawn as marks of their own, without a line: published values. */
  loose: z.array(z.string()).optional(),
})

export const HeatmapFigureSchema = z.strictObject({
  kind: z.literal('heatmap'),
  ...Figure,
  x: Key,
  y: Key,
  value: Key,
  valueAxis: AxisSchema,
  /** A column that says of each cell whether its runs "diverged" or "failed"; such cells are hatched. */
  ended: Key.optional(),
})

/** What to draw of the tables; x, y, value and `by` are keys of columns. */
export const LabFigureSchema = z.discriminatedUnion('kind', [
  LineFigureSchema,
  z.strictObject({
    kind: z.literal('scatter'),
    ...Figure,
    x: Key,
    y: Key,
    /** The column that colours the points. */
    by: Key.nullable(),
    /** One unit is as long on both axes, as in the complex plane. */
    equal: z.boolean(),
    /** Areas by their corners; of two points, a line. */
    regions: z.array(z.strictObject({ label: z.string(), points: z.array(z.tuple([z.number(), z.number()])).min(2) })),
  }),
  HeatmapFigureSchema,
  /** Rows of images of one channel; those of a row share the scale of their values. */
  z.strictObject({
    kind: z.literal('strip'),
    title: z.string(),
    rows: z.array(z.strictObject({ label: z.string(), low: z.number(), high: z.number(), images: z.array(ImageSchema).min(1) })).min(1),
  }),
])
export type LabFigure = z.infer<typeof LabFigureSchema>

/** What was measured: enough to say it in a caption. */
export const LabSubjectSchema = z.strictObject({
  arch: z.string(),
  preset: z.string(),
  dataset: z.string(),
  seed: z.int(),
  /** Updates that the weights have had; 0 of a fresh network. */
  step: z.int().min(0),
  /** Of parameters and running statistics, the same before and after. */
  weightsHash: z.string(),
})
export type LabSubject = z.infer<typeof LabSubjectSchema>

/** As those of architectures, and texts that are long enough for a path. */
export const LabOptionSchema = z.union([OptionValueSchema, z.string().max(4096)])
export const LabOptionsSchema = z.record(z.string(), LabOptionSchema)
export type LabOptions = z.infer<typeof LabOptionsSchema>

/** Keys of a configuration that have a number. */
export type NumericKey = { [Key in keyof RunConfig]: RunConfig[Key] extends number ? Key : never }[keyof RunConfig]

/** A value of a configuration that a result speaks for. */
export const SuggestionSchema = z.strictObject({
  key: z.custom<NumericKey>((key) => typeof key === 'string' && key in RunConfigSchema.shape, 'a key of a configuration'),
  value: z.number(),
})
export type Suggestion = z.infer<typeof SuggestionSchema>

/** What a diagnostic found. A value that did not converge has no cell and no figure, and a note says so. */
export const LabResultSchema = z.strictObject({
  diagnostic: z.string(),
  title: z.string(),
  subject: LabSubjectSchema,
  options: LabOptionsSchema,
  /** The figures that a sentence about it would name. */
  summary: z.array(z.strictObject({ ...Labelled, value: CellSchema })),
  tables: z.array(LabTableSchema),
  figures: z.array(LabFigureSchema),
  /** Error or iterations, which form was used, on which images and statistics, what did not converge. */
  notes: z.array(z.strictObject({ level: z.enum(['info', 'warning']), text: z.string() })),
  /** For a new run of the same network; absent where nothing is suggested. */
  suggestion: SuggestionSchema.optional(),
  seconds: z.number().min(0),
})
export type LabResult = z.infer<typeof LabResultSchema>

/** What a report about several runs takes of a result. */
export type LabFindings = Pick<LabResult, 'summary' | 'tables'>

const data = {
  datasetFolder: z.string(),
  /** Of the content that the weights were trained on; null or absent where it is not known. */
  datasetHash: z.string().nullable().optional(),
}

/** The weights that are looked at: those of a checkpoint, or those that a configuration begins with. Absolute paths. */
export const LabSourceSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('checkpoint'), checkpoint: z.string(), ...data }),
  z.strictObject({ kind: z.literal('fresh'), config: RunConfigSchema, ...data }),
])
export type LabSource = z.infer<typeof LabSourceSchema>

export const LabRequestSchema = z.strictObject({
  diagnostic: z.string(),
  source: LabSourceSchema,
  options: LabOptionsSchema,
  /** Of training steps on this machine, for estimates; null where it was never measured. */
  speed: z.strictObject({ operationsPerSecond: z.number(), secondsPerForce: z.number() }).nullable(),
})
export type LabRequest = z.infer<typeof LabRequestSchema>

/** The questions that diagnostics answer, in the order in which they are listed. */
export const LAB_SECTIONS = {
  reverse: 'See it reverse',
  stability: 'Why it is stable',
  neurons: 'Run it on spiking neurons',
} as const
export type LabSection = keyof typeof LAB_SECTIONS

/** Diagnostics in their order, by their sections. */
export const bySection = <T extends { section: LabSection }>(diagnostics: readonly T[]): { title: string; diagnostics: T[] }[] =>
  (Object.entries(LAB_SECTIONS) as [LabSection, string][])
    .map(([section, title]) => ({ title, diagnostics: diagnostics.filter((each) => each.section === section) }))
    .filter((group) => group.diagnostics.length > 0)

/** What a form and the documentation show of a diagnostic. */
export interface DiagnosticInfo {
  id: string
  title: string
  section: LabSection
  /** What it answers. */
  question: string
  /** What its answer does not say. */
  limits: string
  quantities: Readonly<Record<string, Quantity>>
  options: OptionDescriptions
}

/** Of what a window has a diagnostic run: the weights of a checkpoint of a run (its last by default), or those that a new run would begin with. */
export const LabTargetSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('run'), id: RunIdSchema, step: z.int().min(0).optional() }),
  z.strictObject({ kind: z.literal('fresh'), network: CreateRunSchema.pick({ preset: true, dataset: true, overrides: true }) }),
])
export type LabTarget = z.infer<typeof LabTargetSchema>
/** As clients give it. */
export type LabTargetInput = z.input<typeof LabTargetSchema>

export const RunDiagnosticSchema = z.strictObject({
  target: LabTargetSchema,
  diagnostic: z.string().max(64),
  options: LabOptionsSchema.default({}),
  /** By which the caller follows and cancels it. */
  taskId: z.string().max(64),
})
export type RunDiagnostic = z.infer<typeof RunDiagnosticSchema>

/** A result that is stored with its run, without its tables and figures. The same diagnostic with the same options replaces it. */
export const LabEntrySchema = z.strictObject({
  number: z.int().min(1),
  runId: RunIdSchema,
  /** Name of the checkpoint's file, which may be gone. */
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
