import { z } from 'zod'
import { RunIdSchema } from './runs.js'

/** Runs that one comparison takes: as many lines can still be told apart. */
export const MOST_COMPARED = 60

/** What a comparison shows: it follows its runs as they go on, so that only which they are is stored, and how they are looked at. */
export const ComparisonViewSchema = z.strictObject({
  runs: z.array(RunIdSchema).max(MOST_COMPARED),
  /** The run, or the group that has it, whose values the others are compared with. */
  baseline: RunIdSchema.nullable().default(null),
  /** 'seeds': runs that differ in nothing but the seed are one line. */
  group: z.enum(['none', 'seeds']).default('none'),
  center: z.enum(['mean', 'median']).default('mean'),
  spread: z.enum(['deviation', 'error', 'interval', 'range']).default('deviation'),
  /** Whether published figures are drawn. */
  published: z.boolean().default(true),
})
export type ComparisonView = z.infer<typeof ComparisonViewSchema>

export const ComparisonIdSchema = z.string().regex(/^[a-z0-9]{4,32}$/, 'not the id of a comparison')

export const ComparisonSchema = z.strictObject({
  id: ComparisonIdSchema,
  name: z.string(),
  createdAt: z.number(),
  updatedAt: z.number(),
  view: ComparisonViewSchema,
})
export type Comparison = z.infer<typeof ComparisonSchema>

/** One that can be brought back. */
export interface RemovedComparison {
  comparison: Comparison
  /** Milliseconds since 1970. */
  removedAt: number
}

export const SaveComparisonSchema = z.strictObject({
  /** Absent: a new one. */
  id: ComparisonIdSchema.optional(),
  name: z.string().trim().min(1).max(200),
  view: ComparisonViewSchema,
})
export type SaveComparison = z.input<typeof SaveComparisonSchema>
