import { z } from 'zod'
import { RunIdSchema } from './runs.js'

/** Maximum number of runs in a comparison: more lines cannot be distinguished. */
export const MOST_COMPARED = 60

/** The maximum length of a formula. It also bounds the nesting depth, and with it the recursion of its parser and evaluation. */
export const LONGEST_FORMULA = 300
/** The maximum number of formulas that a page draws. */
export const MOST_FORMULAS = 24
export const FormulaTextSchema = z.string().min(1).max(LONGEST_FORMULA)

/** What a comparison shows. It is live, so only its runs and the way they are displayed are stored. */
export const ComparisonViewSchema = z.strictObject({
  runs: z.array(RunIdSchema).max(MOST_COMPARED),
  /** The run, or the group containing it, that others are compared with. */
  baseline: RunIdSchema.nullable().default(null),
  /** With 'seeds', runs that differ only in their seed form one line. */
  group: z.enum(['none', 'seeds']).default('none'),
  center: z.enum(['mean', 'median']).default('mean'),
  spread: z.enum(['deviation', 'error', 'interval', 'range']).default('deviation'),
  /** Whether published results are drawn. */
  published: z.boolean().default(true),
  /** Expressions over metrics that have a chart: `src-renderer/charts/formulas`. */
  formulas: z.array(FormulaTextSchema).max(MOST_FORMULAS).default([]),
})
export type ComparisonView = z.infer<typeof ComparisonViewSchema>

export const ComparisonIdSchema = z.string().regex(/^[a-z0-9]{4,32}$/, 'is not a comparison id')

export const ComparisonSchema = z.strictObject({
  id: ComparisonIdSchema,
  name: z.string(),
  createdAt: z.number(),
  updatedAt: z.number(),
  view: ComparisonViewSchema,
})
export type Comparison = z.infer<typeof ComparisonSchema>

/** A removed comparison that can be restored. */
export interface RemovedComparison {
  comparison: Comparison
  /** Milliseconds since 1970. */
  removedAt: number
}

export const SaveComparisonSchema = z.strictObject({
  /** Absent for a new comparison. */
  id: ComparisonIdSchema.optional(),
  name: z.string().trim().min(1).max(200),
  view: ComparisonViewSchema,
})
export type SaveComparison = z.input<typeof SaveComparisonSchema>
