import { z } from 'zod'
import type { ErrorCode } from './errors.js'

/**
 * Work that needs TensorFlow but no trainer of a run: it happens in a process of its own, started like a
 * trainer (`trainer.js --tool NAME JSON`), with the engine's environment. The answers come over Node's channel.
 */
const ModeSchema = z.enum(['reversible', 'stored'])

export const ParityRequestSchema = z.strictObject({
  /** Absolute path of a reference case. */
  file: z.string(),
  /** null takes the network's default. */
  mode: ModeSchema.nullable(),
})
export type ParityRequest = z.infer<typeof ParityRequestSchema>

export const BenchStepRequestSchema = z.strictObject({
  preset: z.string(),
  batch: z.int().min(1).nullable(),
  /** Height and width of the images. */
  size: z.int().min(1).nullable(),
  /** Multiplies the units of every stage. */
  units: z.number().positive().nullable(),
  mode: ModeSchema.nullable(),
  steps: z.int().min(1).nullable(),
  /** null: compiled where the engine can. */
  execution: z.enum(['compiled', 'eager']).nullable(),
  /** null: true. */
  fused: z.boolean().nullable(),
  /** Share of the activations that could be kept which the budget has room for, 0 to 1; null: 0. */
  kept: z.number().min(0).max(1).nullable(),
})
export type BenchStepRequest = z.infer<typeof BenchStepRequestSchema>

export const EvaluateRequestSchema = z.strictObject({
  /** Absolute paths of a checkpoint and of the folder of a stored data set. */
  checkpoint: z.string(),
  datasetFolder: z.string(),
})
export type EvaluateRequest = z.infer<typeof EvaluateRequestSchema>

/** Each tool's request; its result is an object of its own, printed as it is. */
export const ToolRequestSchema = z.discriminatedUnion('tool', [
  z.strictObject({ tool: z.literal('parity'), request: ParityRequestSchema }),
  z.strictObject({ tool: z.literal('bench-step'), request: BenchStepRequestSchema }),
  z.strictObject({ tool: z.literal('evaluate'), request: EvaluateRequestSchema }),
  z.strictObject({ tool: z.literal('speed'), request: z.strictObject({}) }),
])
export type ToolRequest = z.infer<typeof ToolRequestSchema>

const CODES = ['BAD_INPUT', 'NOT_FOUND', 'CONFLICT', 'UNAVAILABLE', 'DISK', 'INTERNAL'] as const satisfies readonly ErrorCode[]

export const ToolReportSchema = z.discriminatedUnion('kind', [
  /** A line for people about what it does now, and how far it is, 0 to 1, where that is known. */
  z.strictObject({ kind: z.literal('progress'), message: z.string(), fraction: z.number().min(0).max(1).optional() }),
  /** The last message. `ok` false: the work was done and its verdict is bad (a gradient is wrong); the exit status says so. */
  z.strictObject({
    kind: z.literal('result'),
    ok: z.boolean(),
    /** What to print for people, line by line. */
    text: z.array(z.string()),
    result: z.record(z.string(), z.unknown()),
  }),
  /** The last message: the work could not be done. */
  z.strictObject({ kind: z.literal('error'), code: z.enum(CODES), message: z.string() }),
])
export type ToolReport = z.infer<typeof ToolReportSchema>
