import { z } from 'zod'
import { dataKeys } from './config-keys/data.js'
import { evaluationKeys } from './config-keys/evaluation.js'
import { fieldInfo } from './config-keys/field.js'
import { memoryKeys, networkKeys } from './config-keys/network.js'
import { executionKeys, originKeys } from './config-keys/run.js'
import { trainingKeys } from './config-keys/training.js'
import './input-messages.js'
import { ScheduleInputSchema, type ScheduleInput } from './schedule.js'

export { field, fieldInfo, type FieldInfo } from './config-keys/field.js'
export { ImageShapeSchema, StageSchema, type ImageShape, type Stage } from './config-keys/network.js'
export { OptimizerSchema } from './config-keys/training.js'

/** An option that only one architecture has; the schemas are in `numeric/dynamics`. */
export const OptionValueSchema = z.union([z.number(), z.boolean(), z.string().max(100)])
export type OptionValue = z.infer<typeof OptionValueSchema>

/**
 * Lets a schema accept architecture options besides its own keys. `validateNetwork` checks which of them exist and what they allow. The
 * type has only the keys that every configuration has; `ownOptions` returns the rest.
 */
const withOptions = <Schema extends z.ZodObject>(schema: Schema): Schema => schema.catchall(OptionValueSchema) as unknown as Schema

/** Defines what a network computes. */
export const NetworkConfigSchema = withOptions(z.strictObject(networkKeys))
export type NetworkConfig = z.infer<typeof NetworkConfigSchema>

/**
 * Whether backpropagation reconstructs activations instead of storing them. Anchors, kept units, the activation budget and the
 * reconstruction error exist only in this case. `validateNetwork` checks whether the architecture supports it.
 */
export const rebuildsActivations = ({ mode }: Pick<NetworkConfig, 'mode'>): boolean => mode === 'reversible'

/** Everything that determines what a run computes. It is stored with the run, so that "run again" repeats it. */
export const RunConfigSchema = withOptions(
  z.strictObject({
    ...networkKeys,
    ...originKeys,
    ...dataKeys,
    ...trainingKeys,
    ...memoryKeys,
    ...evaluationKeys,
    ...executionKeys,
  }),
)
export type RunConfig = z.infer<typeof RunConfigSchema>
export type RunConfigInput = z.input<typeof RunConfigSchema>

type WithoutDefaults<Shape extends z.ZodRawShape> = {
  [Key in keyof Shape]: z.ZodOptional<Shape[Key] extends z.ZodDefault<infer Inner> ? Inner : Shape[Key]>
}

/** Makes every key optional without a default: zod's own `.partial()` would fill in the defaults and overwrite what a preset sets. */
function withoutDefaults<Shape extends z.ZodRawShape>(schema: z.ZodObject<Shape>) {
  const shape = Object.fromEntries(
    Object.entries(schema.shape).map(([key, value]) => [key, z.optional(value instanceof z.ZodDefault ? value.unwrap() : value)]),
  )
  return withOptions(z.strictObject(shape as WithoutDefaults<Shape>))
}

/** Changes to a preset's configuration by key. Nested objects are replaced as a whole; the schedule may be in fractions of the run. */
export const RunOverridesSchema = withoutDefaults(RunConfigSchema.extend({ schedule: ScheduleInputSchema }))
export type RunOverrides = Partial<Omit<RunConfigInput, 'schedule'> & { schedule: ScheduleInput }>

/** The keys that a run that starts from given weights cannot change. */
export const fixedByWeights = (): (keyof RunConfig)[] =>
  (Object.keys(RunConfigSchema.shape) as (keyof RunConfig)[]).filter((key) => fieldInfo(RunConfigSchema.shape[key])?.shapesWeights)
