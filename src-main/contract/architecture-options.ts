import { z } from 'zod'
import type { Architecture, ConfigIssue } from './catalogue.js'
import { explainUnknownKey } from './config-issues.js'
import { fieldInfo, RunConfigSchema, type OptionValue } from './config.js'
import type { OptionDescription, OptionDescriptions } from './option-descriptions.js'

/**
 * Options in addition to the keys of a configuration, such as those of architectures and diagnostics.
 * @throws Error when a schema was not made with `field()`, says `since`, has no default, or uses a key that every configuration has
 */
export function describeOptions(options: Readonly<Record<string, z.ZodType>>): OptionDescriptions {
  const clash = Object.keys(options).find((key) => key in RunConfigSchema.shape)
  if (clash !== undefined) throw new Error(`the option ${clash} clashes with a configuration key`)
  const dated = Object.entries(options).find(([, schema]) => fieldInfo(schema)?.since)
  if (dated) throw new Error(`the option ${dated[0]} says since when it exists: only configuration keys can`)
  return describeFields(options)
}

/** @throws Error when a schema was not made with `field()`, or has no default */
export function describeFields(options: Readonly<Record<string, z.ZodType>>): OptionDescriptions {
  return Object.fromEntries(
    Object.entries(options).map(([key, schema]) => {
      if (!fieldInfo(schema)) throw new Error(`the option ${key} has no label and help: make it with field()`)
      if (!schema.safeParse(undefined).success) throw new Error(`the option ${key} has no default`)
      return [key, z.toJSONSchema(schema, { io: 'input' }) as OptionDescription]
    }),
  )
}

/** The schema that checks values of a described option and has its default. */
export const optionSchema = (description: OptionDescription): z.ZodType<OptionValue> =>
  z.fromJSONSchema(description) as z.ZodType<OptionValue>

/** The entries of a configuration that belong to an architecture option. */
export const ownOptions = (config: object): Record<string, OptionValue> =>
  Object.fromEntries(Object.entries(config).filter(([key]) => !(key in RunConfigSchema.shape)))

/** The keys of a configuration that neither every configuration nor any architecture has. */
export function unknownKeys(config: object, architectures: readonly Pick<Architecture, 'options'>[]): ConfigIssue[] {
  const known = new Set(architectures.flatMap(({ options }) => Object.keys(options)))
  return Object.keys(ownOptions(config)).flatMap((key) => (known.has(key) ? [] : explainUnknownKey(key, [...known])))
}

export interface CompletedOptions {
  /** All options of the architecture. */
  options: Record<string, OptionValue>
  issues: ConfigIssue[]
}

/**
 * All options of an architecture: the requested value, otherwise the inherited one, otherwise the default.
 * @param inherited configuration of a preset or a parent; options of other architectures are dropped
 * @param asked what the user gave; an option of another architecture is an issue
 */
export function completeOptions(
  arch: string | undefined,
  architectures: readonly Architecture[],
  inherited: object,
  asked: object,
): CompletedOptions {
  const { options: descriptions = {}, label = arch } = architectures.find(({ id }) => id === arch) ?? {}
  const [given, before] = [ownOptions(asked), ownOptions(inherited)]
  const issues = unknownKeys({ ...before, ...given }, architectures)
  for (const key of Object.keys(given))
    if (!Object.hasOwn(descriptions, key) && !issues.some(({ path }) => path === key))
      issues.push({ path: key, message: `is not an option of ${label}. Remove it, or choose another architecture.` })
  const options: Record<string, OptionValue> = {}
  for (const [key, description] of Object.entries(descriptions)) {
    const parsed = optionSchema(description).safeParse(given[key] ?? before[key])
    if (parsed.success) options[key] = parsed.data
    else issues.push(...parsed.error.issues.map(({ message }) => ({ path: key, message })))
  }
  return { options, issues }
}
