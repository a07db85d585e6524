import { z } from 'zod'
import { parseBounded } from './bounded-json.js'
import { DatasetNameSchema } from './dataset-name.js'
import { UserError } from './errors.js'
import { SeriesKeySchema } from './metrics.js'
import { LogEntrySchema, LoggedConfigSchema, NotesSchema, TagSchema } from './runs.js'

/**
 * How other programs log runs into a home, described in docs/logging.md: by calls of the API, or as lines of JSON in files of the folder
 * `log`, one file per run. Both have the same parts.
 */

/** Version of the format, in the first line of each file. */
export const LOG_FORMAT = 1

/** Seconds since 1970, like Python's `time.time()`; up to the year 9999. */
const TimeSchema = z.number().min(0).max(253_402_300_799)
const StepSchema = z.int().min(0)

/** A number; NaN and infinities, which JSON lacks, by name. */
const ValueSchema = z.union([z.number(), z.enum(['NaN', 'Infinity', '-Infinity']).transform(Number)])

export const LoggedHeadSchema = z.strictObject({
  name: z.string().trim().min(1).max(200),
  /** Anything about how the run was made, by key. `seed` is interpreted as the seed. */
  config: LoggedConfigSchema.default({}),
  tags: z.array(TagSchema).max(32).default([]),
  /** Markdown. */
  notes: NotesSchema.default(''),
  /** Name of the data set. */
  dataset: DatasetNameSchema.default('unknown'),
  /** Total number of steps, for the progress; absent if unknown. */
  steps: StepSchema.min(1).optional(),
  time: TimeSchema.optional(),
})
export type LoggedHead = z.infer<typeof LoggedHeadSchema>

export const LoggedValuesSchema = z.strictObject({
  step: StepSchema,
  values: z.record(SeriesKeySchema, ValueSchema),
  time: TimeSchema.optional(),
})
export type LoggedValues = z.infer<typeof LoggedValuesSchema>

export const LoggedMessageSchema = z.strictObject({
  message: LogEntrySchema.shape.message.min(1).max(10_000),
  level: LogEntrySchema.shape.level.default('info'),
  time: TimeSchema.optional(),
})
export type LoggedMessage = z.infer<typeof LoggedMessageSchema>

export const LoggedEndSchema = z.strictObject({
  end: z.enum(['finished', 'stopped', 'failed', 'diverged']),
  /** Why it stopped or failed, as a sentence. */
  reason: z.string().max(1000).nullable().default(null),
  /** The final results: fraction of test images that are classified correctly, and mean cross-entropy in nats. */
  testAccuracy: z.number().min(0).max(1).optional(),
  testLoss: z.number().optional(),
  /** Number of test images for both. */
  images: z.int().min(1).optional(),
  time: TimeSchema.optional(),
})
export type LoggedEnd = z.infer<typeof LoggedEndSchema>

export type LogLine =
  | { kind: 'head'; head: LoggedHead }
  | { kind: 'values'; values: LoggedValues }
  | { kind: 'message'; message: LoggedMessage }
  | { kind: 'end'; end: LoggedEnd }

/** Maximum size of a line in bytes; maximum depth of nesting and number of objects in it. */
export const MOST_LINE_BYTES = 2 ** 20
const BOUNDS = { depth: 4, containers: 16 }

/**
 * Parses one line of a file in the folder `log`.
 * @param first whether it is the first line of the file, which describes the run
 * @throws UserError BAD_INPUT with the error, as the end of a sentence that starts with file and line
 */
export function parseLogLine(text: string, first: boolean): LogLine {
  const raw = parse(text)
  if (first) {
    const { retrace, ...head } = raw
    if (retrace !== LOG_FORMAT)
      throw new UserError('BAD_INPUT', `does not begin a log: the first line has "retrace": ${LOG_FORMAT} and the name of the run.`)
    return { kind: 'head', head: checked(LoggedHeadSchema, head) }
  }
  if ('values' in raw) return { kind: 'values', values: checked(LoggedValuesSchema, raw) }
  if ('message' in raw) return { kind: 'message', message: checked(LoggedMessageSchema, raw) }
  if ('end' in raw) return { kind: 'end', end: checked(LoggedEndSchema, raw) }
  throw new UserError('BAD_INPUT', 'has neither "values" nor "message" nor "end".')
}

function parse(text: string): Record<string, unknown> {
  let raw: unknown
  try {
    raw = parseBounded(text, BOUNDS)
  } catch (error) {
    const literal = /\b(NaN|Infinity)\b/.test(text) ? ' JSON has no NaN and no infinities: write them as text, such as "NaN".' : ''
    throw new UserError('BAD_INPUT', `is not JSON (${(error as Error).message}).${literal}`, { cause: error })
  }
  if (typeof raw === 'object' && raw !== null && !Array.isArray(raw)) return raw as Record<string, unknown>
  throw new UserError('BAD_INPUT', 'is not a JSON object.')
}

function checked<T>(schema: z.ZodType<T>, raw: unknown): T {
  const parsed = schema.safeParse(raw)
  if (parsed.success) return parsed.data
  const { path, message } = parsed.error.issues[0]!
  throw new UserError('BAD_INPUT', path.length > 0 ? `has a wrong ${path.join('.')}: ${message}.` : `is wrong: ${message}.`)
}
