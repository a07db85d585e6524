import { z } from 'zod'
import { NetworkOverridesSchema, RunOverridesSchema, type RunConfig } from './config.js'

/** The task of a measurement of this machine's speed. */
export const SPEED_TASK = 'speed'

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

/** Where a reversible run stands between constant memory (nothing kept) and the speed of stored back-propagation (everything kept). */
export const ActivationDialSchema = z.strictObject({
  /** Units that can be rebuilt, and those of them whose activations are kept. */
  units: z.int().min(0),
  kept: z.int().min(0),
  /** Estimate of what the kept ones hold, and of what all would hold. */
  bytes: z.number(),
  allBytes: z.number(),
  /** What may be spent; for `auto`, what the memory that is free now allows. */
  budget: z.number(),
})
export type ActivationDial = z.infer<typeof ActivationDialSchema>

/** One unit as a drawing: states that run along lanes, and what each takes from another, in order. */
export const UnitDiagramSchema = z.strictObject({
  /** Names of the states that enter the unit. */
  lanes: z.array(z.string()).min(1).max(2),
  /** Their names when they leave it, in the same order. */
  ends: z.array(z.string()).min(1).max(2),
  moves: z
    .array(
      z.strictObject({
        from: z.int().min(0).max(1),
        into: z.int().min(0).max(1),
        /** What the state goes through on its way; null: nothing. */
        map: z.string().nullable(),
        sign: z.enum(['+', '\u2212']),
        /** What the state that takes it is multiplied by before. */
        keep: z.number(),
      }),
    )
    .max(16),
  /** The two states change places at the end, as in a two-step recurrence. */
  crosses: z.boolean(),
})
export type UnitDiagram = z.infer<typeof UnitDiagramSchema>

export const ArchitectureSchema = z.strictObject({
  id: z.string(),
  label: z.string(),
  summary: z.string(),
  source: z.string(),
  modes: z.array(z.enum(['reversible', 'stored'])),
  diagram: UnitDiagramSchema,
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

/** What would become of a configuration: what a form shows before anything is started. */
export interface Preview {
  /** null where the issues leave none. */
  config: RunConfig | null
  summary: NetworkSummary | null
  issues: ConfigIssue[]
  stepsPerEpoch: number | null
  /** null for stored back-propagation. */
  dial: ActivationDial | null
}

export const DescribeSchema = z.strictObject({
  config: NetworkOverridesSchema,
  preset: z.string().optional(),
  dataset: z.string().optional(),
  batch: z.int().min(1).optional(),
})
