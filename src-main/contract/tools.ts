import { z } from 'zod'
import { ERROR_CODES } from './errors.js'
import { LabRequestSchema } from './lab.js'
import { FitImageRequestSchema, PredictRequestSchema } from './predictions.js'

/**
 * Tools: work that needs TensorFlow but trains no run. A tool runs in a separate process, started like a trainer
 * (`trainer.js --tool NAME JSON`) with the engine's environment, and reports over Node's IPC channel.
 */
const ModeSchema = z.enum(['reversible', 'stored'])

export const ParityRequestSchema = z.strictObject({
  /** Absolute path of a reference case. */
  file: z.string(),
  /** Null selects the default of the network. */
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
  /** Null: compiled if the engine supports it. */
  execution: z.enum(['compiled', 'eager']).nullable(),
  /** Null means true. */
  fused: z.boolean().nullable(),
  /** Fraction of the activations that the budget keeps, 0 to 1; null means 0. */
  kept: z.number().min(0).max(1).nullable(),
  /** Changes to the preset's configuration, such as unit normalisation; the tool validates them. */
  set: z.record(z.string(), z.unknown()).optional(),
})
export type BenchStepRequest = z.infer<typeof BenchStepRequestSchema>

export const EvaluateRequestSchema = z.strictObject({
  /** Absolute paths of a checkpoint and of the folder of a stored data set. */
  checkpoint: z.string(),
  datasetFolder: z.string(),
  /** Content hash of the data set that the checkpoint's run was created for; null or absent when unknown. */
  datasetHash: z.string().nullable().optional(),
})
export type EvaluateRequest = z.infer<typeof EvaluateRequestSchema>

export const ExportOnnxRequestSchema = z.strictObject({
  /** Absolute paths of a checkpoint and of the file to write. */
  checkpoint: z.string(),
  target: z.string(),
  overwrite: z.boolean(),
  /** Metadata of the file besides configuration and step. */
  metadata: z.record(z.string(), z.string()),
  /** Version of the program. */
  version: z.string(),
})
export type ExportOnnxRequest = z.infer<typeof ExportOnnxRequestSchema>

export const CheckDynamicsRequestSchema = z.strictObject({
  /** Absolute path of the text of a user's dynamics file, as stored by the host. */
  kept: z.string(),
})
export type CheckDynamicsRequest = z.infer<typeof CheckDynamicsRequestSchema>

/** The request of each tool. Its result is a tool-specific object, which is printed as is. */
export const ToolRequestSchema = z.discriminatedUnion('tool', [
  z.strictObject({ tool: z.literal('parity'), request: ParityRequestSchema }),
  z.strictObject({ tool: z.literal('bench-step'), request: BenchStepRequestSchema }),
  z.strictObject({ tool: z.literal('evaluate'), request: EvaluateRequestSchema }),
  z.strictObject({ tool: z.literal('predict'), request: PredictRequestSchema }),
  z.strictObject({ tool: z.literal('fit-image'), request: FitImageRequestSchema }),
  z.strictObject({ tool: z.literal('lab'), request: LabRequestSchema }),
  z.strictObject({ tool: z.literal('export-onnx'), request: ExportOnnxRequestSchema }),
  z.strictObject({ tool: z.literal('check-dynamics'), request: CheckDynamicsRequestSchema }),
  z.strictObject({ tool: z.literal('speed'), request: z.strictObject({}) }),
])
export type ToolRequest = z.infer<typeof ToolRequestSchema>

export const ToolReportSchema = z.discriminatedUnion('kind', [
  /** A line for the user about the current work, and the progress from 0 to 1 when known. */
  z.strictObject({ kind: z.literal('progress'), message: z.string(), fraction: z.number().min(0).max(1).optional() }),
  /** The last message. With `ok` false, the work completed with a bad verdict (a gradient is wrong), which the exit status reflects. */
  z.strictObject({
    kind: z.literal('result'),
    ok: z.boolean(),
    /** Output for the user, line by line. */
    text: z.array(z.string()),
    result: z.record(z.string(), z.unknown()),
  }),
  /** The last message when the work failed. */
  z.strictObject({ kind: z.literal('error'), code: z.enum(ERROR_CODES), message: z.string() }),
])
export type ToolReport = z.infer<typeof ToolReportSchema>
