import { z } from 'zod'
import { NetworkOverridesSchema, RunOverridesSchema } from './config.js'

export const NetworkSummarySchema = z.strictObject({
  parameters: z.int(),
  /** Layers as the papers count them. */
  depth: z.int(),
  /** Estimate of the bytes of activations that one training step holds, by mode; null where the mode does not exist. */
  activationBytes: z.strictObject({ reversible: z.number().nullable(), stored: z.number() }),
  /** Floating-point operations of one training step, by mode. */
  operations: z.strictObject({ reversible: z.number().nullable(), stored: z.number() }),
  /** Estimate from a measurement of this machine, by mode; null where nothing was measured yet. */
  secondsPerStep: z.strictObject({ reversible: z.number().nullable(), stored: z.number() }).nullable(),
})
export type NetworkSummary = z.infer<typeof NetworkSummarySchema>

export const ArchitectureSchema = z.strictObject({
  id: z.string(),
  label: z.string(),
  summary: z.string(),
  source: z.string(),
  modes: z.array(z.enum(['reversible', 'stored'])),
})
export type Architecture = z.infer<typeof ArchitectureSchema>

export const PresetSchema = z.strictObject({
  name: z.string(),
  title: z.string(),
  description: z.string(),
  /** Everything the preset sets; the data set adds image shape and classes, the schema the rest. */
  config: RunOverridesSchema,
  /** Of the network for 32x32x3 images and 10 classes (2 inputs and 2 classes for an mlp), and of a step of the preset's batch. */
  ...NetworkSummarySchema.shape,
})
export type Preset = z.infer<typeof PresetSchema>

/** One thing wrong with a configuration: which field, what, and what to do. */
export const ConfigIssueSchema = z.strictObject({ path: z.string(), message: z.string() })
export type ConfigIssue = z.infer<typeof ConfigIssueSchema>

export const DescribeSchema = z.strictObject({
  config: NetworkOverridesSchema,
  preset: z.string().optional(),
  dataset: z.string().optional(),
  batch: z.int().min(1).optional(),
})
