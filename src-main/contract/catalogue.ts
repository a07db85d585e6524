import { z } from 'zod'
import { RunOverridesSchema, type RunConfig } from './config.js'
import type { OptionDescriptions } from './option-descriptions.js'
import { OwnFileSchema } from './own-dynamics.js'

/** Id of the task that measures the speed of this machine. */
export const SPEED_TASK = 'speed'

export const NetworkSummarySchema = z.strictObject({
  parameters: z.int(),
  /** Number of layers as counted in the papers. */
  depth: z.int(),
  /** Estimated bytes of activations that one training step holds, by mode; null when the mode does not exist. */
  activationBytes: z.strictObject({ reversible: z.number().nullable(), stored: z.number() }),
  /** Floating-point operations per training step, by mode. */
  operations: z.strictObject({ reversible: z.number().nullable(), stored: z.number() }),
  /** Estimate from the measured speed of this machine, by mode; null before a measurement. */
  secondsPerStep: z.strictObject({ reversible: z.number().nullable(), stored: z.number() }).nullable(),
})
export type NetworkSummary = z.infer<typeof NetworkSummarySchema>

/** Position of a reversible run between constant memory (nothing kept) and the speed of stored backpropagation (everything kept). */
export const ActivationDialSchema = z.strictObject({
  /** Number of units that can be reconstructed, and of those whose activations are kept. */
  units: z.int().min(0),
  kept: z.int().min(0),
  /** Estimated bytes of the activations that are kept, and of all activations. */
  bytes: z.number(),
  allBytes: z.number(),
  /** The budget in bytes; for `auto`, what the currently free memory allows. */
  budget: z.number(),
})
export type ActivationDial = z.infer<typeof ActivationDialSchema>

/** Diagram of a unit: states run along lanes and update one another in order. */
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
        /** The map that is applied to the state; null for the identity. */
        map: z.string().nullable(),
        sign: z.enum(['+', '\u2212']),
        /** Factor by which the updated state is multiplied first. */
        keep: z.number(),
      }),
    )
    .max(16),
  /** Whether the two states are swapped at the end, as in a two-step recurrence. */
  crosses: z.boolean(),
})
export type UnitDiagram = z.infer<typeof UnitDiagramSchema>

export const ArchitectureSchema = z.strictObject({
  id: z.string(),
  label: z.string(),
  summary: z.string(),
  source: z.string(),
  modes: z.array(z.enum(['reversible', 'stored'])),
  /** The user's file that defines it; absent if it is built in. */
  own: OwnFileSchema.optional(),
  diagram: UnitDiagramSchema,
  /** Its options besides the common configuration keys, each as a JSON schema. */
  options: z.custom<OptionDescriptions>(),
})
export type Architecture = z.infer<typeof ArchitectureSchema>

export const PresetSchema = z.strictObject({
  name: z.string(),
  title: z.string(),
  description: z.string(),
  /** Who published this network, or who chose it and how. */
  source: z.string(),
  /** Number of parameters in the paper's table, rounded there to ten thousand; null when the paper states none. */
  paperParameters: z.int().nullable(),
  /** The keys that the preset sets. The data set adds image shape and classes, the schema the defaults. */
  config: RunOverridesSchema,
  /** Summary for 32x32x3 images and 10 classes (for an mlp, 2 inputs and 2 classes) at the preset's batch size. */
  ...NetworkSummarySchema.shape,
})
export type Preset = z.infer<typeof PresetSchema>

/** An issue of a configuration: the field, the cause and the remedy. */
export const ConfigIssueSchema = z.strictObject({ path: z.string(), message: z.string() })
export type ConfigIssue = z.infer<typeof ConfigIssueSchema>

/** The result of resolving a configuration, which forms show before a run is started. */
export interface Preview {
  /** Null when there are issues. */
  config: RunConfig | null
  summary: NetworkSummary | null
  issues: ConfigIssue[]
  /** Settings that have no effect or do harm; the run can be started anyway. */
  warnings: ConfigIssue[]
  stepsPerEpoch: number | null
  /** Null for stored backpropagation. */
  dial: ActivationDial | null
}
