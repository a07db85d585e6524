import { z } from 'zod'
import { DatasetSchema, ImportDatasetSchema, ImportEstimateSchema } from '../contract/datasets.js'
import type { ErrorCode } from '../contract/errors.js'

const CODES = ['BAD_INPUT', 'NOT_FOUND', 'CONFLICT', 'UNAVAILABLE', 'DISK', 'INTERNAL'] as const satisfies readonly ErrorCode[]

/** Messages to the import process: its order, once, and cancellation. */
export const ImportOrderSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('import'), request: ImportDatasetSchema, into: z.string() }),
  z.strictObject({ kind: z.literal('estimate'), request: ImportDatasetSchema, into: z.string() }),
  z.strictObject({ kind: z.literal('cancel') }),
])
export type ImportOrder = z.infer<typeof ImportOrderSchema>

/** Messages from the import process: its progress, and one final message. */
export const ImportNewsSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('progress'), progress: z.number().nullable(), message: z.string() }),
  z.strictObject({ kind: z.literal('done'), dataset: DatasetSchema }),
  z.strictObject({ kind: z.literal('estimated'), estimate: ImportEstimateSchema }),
  /** `code` null: a defect. */
  z.strictObject({ kind: z.literal('failed'), code: z.enum(CODES).nullable(), message: z.string() }),
])
export type ImportNews = z.infer<typeof ImportNewsSchema>
