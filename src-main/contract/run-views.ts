import { z } from 'zod'

/** What a column is known by: `name`, `config.learningRate`, `latest.test/accuracy`. */
export const ColumnKeySchema = z.string().min(1).max(220)

export const FILTER_OPERATORS = [
  'contains',
  'lacks',
  'oneOf',
  'noneOf',
  'equal',
  'unequal',
  'below',
  'atMost',
  'above',
  'atLeast',
  'between',
  'empty',
  'filled',
] as const
export type FilterOperator = (typeof FILTER_OPERATORS)[number]

export const ColumnFilterSchema = z.strictObject({
  key: ColumnKeySchema,
  operator: z.enum(FILTER_OPERATORS),
  /** Numbers as decimal text, times as ISO dates. */
  values: z.array(z.string().max(200)).max(200),
})
export type ColumnFilter = z.infer<typeof ColumnFilterSchema>

export const SortKeySchema = z.strictObject({ key: ColumnKeySchema, descending: z.boolean() })
export type SortKey = z.infer<typeof SortKeySchema>

/** How the table of runs is looked at. */
export const RunViewSchema = z.strictObject({
  /** In their order; none: those that are shown to begin with. */
  columns: z.array(ColumnKeySchema).max(300).default([]),
  /** The first decides, the next where it is equal. */
  sort: z.array(SortKeySchema).max(8).default([]),
  /** Rows that pass all of them are shown. */
  filters: z.array(ColumnFilterSchema).max(64).default([]),
  /** Every word of it is somewhere in the texts of a row. */
  text: z.string().max(200).default(''),
  /** Rows of one value of this column are together. */
  group: ColumnKeySchema.nullable().default(null),
  archived: z.boolean().default(false),
})
export type RunView = z.infer<typeof RunViewSchema>

export const RunViewIdSchema = z.string().regex(/^[a-z0-9]{4,32}$/, 'not the id of a view')

/** A view that was given a name. */
export const SavedRunViewSchema = z.strictObject({
  id: RunViewIdSchema,
  name: z.string(),
  createdAt: z.number(),
  updatedAt: z.number(),
  view: RunViewSchema,
})
export type SavedRunView = z.infer<typeof SavedRunViewSchema>

export const SaveRunViewSchema = z.strictObject({
  /** Absent: a new one. */
  id: RunViewIdSchema.optional(),
  name: z.string().trim().min(1).max(200),
  view: RunViewSchema,
})
export type SaveRunView = z.input<typeof SaveRunViewSchema>
