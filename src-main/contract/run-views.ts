import { z } from 'zod'
import { NO_PROJECT, ProjectIdSchema } from './projects.js'
import { metricInfo, readingLabel, readingsOf, type Reading } from './metrics.js'

/** Key of a column: `name`, `config.learningRate`, `reported.test/accuracy`. */
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

/** A view of the runs table: columns, sorting, filters and grouping. */
export const RunViewSchema = z.strictObject({
  /** Visible columns in order; an empty list means the default columns. */
  columns: z.array(ColumnKeySchema).max(300).default([]),
  /** Sort keys in order of precedence. */
  sort: z.array(SortKeySchema).max(8).default([]),
  /** Filters that a row must all pass. */
  filters: z.array(ColumnFilterSchema).max(64).default([]),
  /** A search, of which every word must occur somewhere in a row, or a query: `h < 0.2 and arch = hamiltonian`. */
  text: z.string().max(1000).default(''),
  /** Column by which rows are grouped. */
  group: ColumnKeySchema.nullable().default(null),
  archived: z.boolean().default(false),
  /** The project whose runs are shown, or `none` for those in none; null: all. */
  project: ProjectIdSchema.or(z.literal(NO_PROJECT)).nullable().default(null),
})
export type RunView = z.infer<typeof RunViewSchema>

const PREFIXES: Record<Reading, string> = { reported: 'reported', best: 'best', last: 'latest' }

/** The key of the column that shows a reading of a metric. */
export const metricColumnKey = (metric: string, reading: Reading): string => `${PREFIXES[reading]}.${metric}`

/** A column that earlier versions had, and its replacement. */
interface Replaced {
  was: string
  metric: string
  reading: Reading
}

function replacementOf(key: string): Replaced | null {
  // It was the test loss of some runs and the training loss of others.
  if (key === 'loss') return { was: 'Loss', metric: 'test/loss', reading: 'last' }
  const metric = key.startsWith('best.') ? key.slice('best.'.length) : null
  const reading = metric === null ? undefined : readingsOf(metric)[0]
  if (metric === null || reading === undefined || reading === 'best') return null
  return { was: `${metricInfo(metric).label}, best`, metric, reading }
}

/**
 * Converts a view that an earlier version may have saved: columns that no longer exist are replaced by current ones.
 * @returns the view (the same object if nothing was replaced), and what was replaced, in words
 */
export function currentView(view: RunView): { view: RunView; replaced: string[] } {
  const words = new Map<string, string>()
  const now = (key: string): string => {
    const found = replacementOf(key)
    if (!found) return key
    words.set(key, `${found.was} by ${readingLabel(found.metric, found.reading)}`)
    return metricColumnKey(found.metric, found.reading)
  }
  const columns = [...new Set(view.columns.map(now))]
  const sort = [...new Map(view.sort.map((each) => [now(each.key), each])).entries()].map(([key, each]) => ({ ...each, key }))
  const filters = view.filters.map((filter) => ({ ...filter, key: now(filter.key) }))
  const group = view.group === null ? null : now(view.group)
  return words.size === 0 ? { view, replaced: [] } : { view: { ...view, columns, sort, filters, group }, replaced: [...words.values()] }
}

export const RunViewIdSchema = z.string().regex(/^[a-z0-9]{4,32}$/, 'is not a view id')

/** A named view. */
export const SavedRunViewSchema = z.strictObject({
  id: RunViewIdSchema,
  name: z.string(),
  createdAt: z.number(),
  updatedAt: z.number(),
  view: RunViewSchema,
})
export type SavedRunView = z.infer<typeof SavedRunViewSchema>

export const SaveRunViewSchema = z.strictObject({
  /** Absent for a new view. */
  id: RunViewIdSchema.optional(),
  name: z.string().trim().min(1).max(200),
  view: RunViewSchema,
})
export type SaveRunView = z.input<typeof SaveRunViewSchema>
