import { shallowRef } from 'vue'
import { z } from 'zod'
import { optionSchema } from '../../src-main/contract/architecture-options.js'
import type { OptionDescription } from '../../src-main/contract/option-descriptions.js'
import type { Architecture } from '../../src-main/contract/catalogue.js'
import { RunConfigSchema, RunOverridesSchema, type FieldInfo, type RunConfig } from '../../src-main/contract/config.js'

/** A key of every configuration, or an option of an architecture; the latter are known only at run time. */
export type FieldKey = keyof RunConfig

/** How a value is entered. */
export type Control =
  | { kind: 'number'; integer: boolean; min: number | null; max: number | null }
  | { kind: 'choice'; options: string[] }
  | { kind: 'switch' }
  | { kind: 'text' }
  /** Objects and unions with an editor of their own. */
  | { kind: 'stages' | 'augment' | 'schedule' | 'auto' }
  /** A choice of the registered architectures. */
  | { kind: 'architecture' }

export interface Field {
  key: FieldKey
  info: FieldInfo
  control: Control
}

export const GROUPS = ['Network', 'Training', 'Data', 'Evaluation', 'Run'] as const satisfies readonly FieldInfo['group'][]

const SPECIAL = { stages: 'stages', augment: 'augment', schedule: 'schedule', arch: 'architecture' } as const

/** Set elsewhere on the page, or by the data set. */
const ELSEWHERE: ReadonlySet<string> = new Set(['preset', 'dataset', 'classes', 'image', 'seed', 'steps'])

interface JsonSchema {
  type?: string
  enum?: string[]
  minimum?: number
  maximum?: number
  exclusiveMinimum?: number
  const?: unknown
  anyOf?: JsonSchema[]
  field?: FieldInfo
}

let cached: Record<string, JsonSchema> | null = null
function properties(): Record<string, JsonSchema> {
  return (cached ??= (z.toJSONSchema(RunConfigSchema, { io: 'input' }) as { properties: Record<string, JsonSchema> }).properties)
}

/** The options of all architectures, by architecture; loaded once from the back end. */
const options = shallowRef<Readonly<Record<string, Architecture['options']>>>({})

export function learnOptions(architectures: readonly Architecture[]): void {
  options.value = Object.fromEntries(architectures.map((architecture) => [architecture.id, architecture.options]))
}

/** The description of an option, which is the same for every architecture that has it. */
const optionOf = (key: string): OptionDescription | undefined =>
  Object.values(options.value).find((each) => Object.hasOwn(each, key))?.[key]

/** Whether this is an option that the architecture does not have. */
export const isForeignOption = (key: string, arch: string): boolean =>
  optionOf(key) !== undefined && !Object.hasOwn(options.value[arch] ?? {}, key)

/** The default value of an option; undefined for keys of every configuration. */
export const defaultOption = (key: string): unknown => optionOf(key)?.['default']

/** The control with which a value of this schema is entered. */
export function controlOf(key: string, schema: object): Control {
  return control(key, schema as JsonSchema)
}

function control(key: string, schema: JsonSchema): Control {
  if (key in SPECIAL) return { kind: SPECIAL[key as keyof typeof SPECIAL] }
  if (schema.anyOf?.some((branch) => branch.const === 'auto')) return { kind: 'auto' }
  if (schema.enum) return { kind: 'choice', options: schema.enum }
  if (schema.type === 'boolean') return { kind: 'switch' }
  if (schema.type === 'integer' || schema.type === 'number')
    return { kind: 'number', integer: schema.type === 'integer', min: schema.minimum ?? null, max: schema.maximum ?? null }
  return { kind: 'text' }
}

/**
 * Every key of a run's configuration that the form offers, with its description from the schema: first the keys of every configuration in
 * the schema's order, then the options of the architecture.
 */
export function formFields(arch: string): Field[] {
  return Object.entries({ ...properties(), ...(options.value[arch] as Record<string, JsonSchema> | undefined) }).flatMap(([key, schema]) =>
    schema.field && !ELSEWHERE.has(key) ? [{ key: key as FieldKey, info: schema.field, control: control(key, schema) }] : [],
  )
}

/** Whether the form has a place to show an error of this key. */
export const hasField = (key: string): boolean =>
  key === 'steps' || key === 'seed' || (!ELSEWHERE.has(key) && fieldInfoOf(key) !== undefined)

/** The schema's description of a key, for the table of a run's configuration. */
export const fieldInfoOf = (key: string): FieldInfo | undefined => (properties()[key] ?? optionOf(key))?.field

/** The label of a key of a configuration, including nested ones: `stages.0.units` is "Stage 1, units". */
export function configLabel(path: string): string {
  const [root = path, ...inner] = path.split('.')
  const label = fieldInfoOf(root)?.label
  if (!label) return path
  if (inner.length === 0) return label
  if (root === 'stages') return [`Stage ${Number(inner[0]) + 1}`, ...inner.slice(1)].join(', ')
  return `${label}, ${inner.join('.')}`
}

/** The unit of a key of a configuration, including nested ones: that of `schedule.drops.0` is "steps". Empty if it has none. */
export function configUnit(path: string): string {
  const [root = path, part] = path.split('.')
  const info = fieldInfoOf(root)
  return (part === undefined ? info?.unit : info?.units?.[part]) ?? ''
}

/**
 * The label of a key with its unit, unless the label ends with it. Values are shown as they were written: fractions are not percentages.
 */
export function configTitle(path: string): string {
  const label = configLabel(path)
  const unit = unitBeside(label, configUnit(path))
  return unit === '' ? label : `${label} (${unit})`
}

/** The unit to be written next to a label; empty if the label already contains that word. */
export const unitBeside = (label: string, unit: string): string => (label.toLowerCase().split(/\W+/).includes(unit) ? '' : unit)

/** What is wrong with the value of a key, as a sentence; null if nothing is. Uses the same schema as the back end. */
export function checkField(key: FieldKey, value: unknown): string | null {
  const option = optionOf(key)
  // An address may contain an option before the architectures have loaded, or one of a missing file, which the back end reports.
  if (!option && !Object.hasOwn(RunOverridesSchema.shape, key)) return null
  const result = (option ? optionSchema(option) : RunOverridesSchema.shape[key].unwrap()).safeParse(value)
  if (result.success) return null
  return result.error.issues
    .map((issue) => {
      const where =
        issue.path.length > 0 ? `${issue.path.map((part) => (typeof part === 'number' ? part + 1 : String(part))).join(' ')}: ` : ''
      return where + issue.message
    })
    .join('; ')
}
