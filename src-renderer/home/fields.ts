import { shallowRef } from 'vue'
import { z } from 'zod'
import { optionSchema } from '../../src-main/contract/architecture-options.js'
import type { OptionDescription } from '../../src-main/contract/option-descriptions.js'
import type { Architecture } from '../../src-main/contract/catalogue.js'
import { RunConfigSchema, RunOverridesSchema, type FieldInfo, type RunConfig } from '../../src-main/contract/config.js'

/** A key of every configuration, or an option of an architecture, whose keys are known only when the program runs. */
export type FieldKey = keyof RunConfig

/** How a value is entered. */
export type Control =
  | { kind: 'number'; integer: boolean; min: number | null; max: number | null }
  | { kind: 'choice'; options: string[] }
  | { kind: 'switch' }
  | { kind: 'text' }
  /** Objects and unions with an editor of their own. */
  | { kind: 'stages' | 'augment' | 'schedule' | 'auto' }
  /** One of the registered architectures. */
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

/** Options of all architectures by architecture; the back end tells them once. */
const options = shallowRef<Readonly<Record<string, Architecture['options']>>>({})

export function learnOptions(architectures: readonly Architecture[]): void {
  options.value = Object.fromEntries(architectures.map((architecture) => [architecture.id, architecture.options]))
}

/** What is said of an option, whichever architecture has it. */
const optionOf = (key: string): OptionDescription | undefined =>
  Object.values(options.value).find((each) => Object.hasOwn(each, key))?.[key]

/** Is this an option that an architecture does not have? */
export const isForeignOption = (key: string, arch: string): boolean =>
  optionOf(key) !== undefined && !Object.hasOwn(options.value[arch] ?? {}, key)

/** The value of an option where nobody chose another; undefined for keys of every configuration. */
export const defaultOption = (key: string): unknown => optionOf(key)?.['default']

/** How a value of that schema is entered. */
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
 * Every key of a run's configuration that the form offers, with what the schema says about it: those of every configuration in the
 * schema's order, then the options of the architecture.
 */
export function formFields(arch: string): Field[] {
  return Object.entries({ ...properties(), ...(options.value[arch] as Record<string, JsonSchema> | undefined) }).flatMap(([key, schema]) =>
    schema.field && !ELSEWHERE.has(key) ? [{ key: key as FieldKey, info: schema.field, control: control(key, schema) }] : [],
  )
}

/** Has the form a place to show what is wrong with this key? */
export const hasField = (key: string): boolean =>
  key === 'steps' || key === 'seed' || (!ELSEWHERE.has(key) && fieldInfoOf(key) !== undefined)

/** The schema's account of one key, for the table of a run's configuration. */
export const fieldInfoOf = (key: string): FieldInfo | undefined => (properties()[key] ?? optionOf(key))?.field

/** The name of a key of a configuration, also of one inside another: `stages.0.units` is "Stage 1, units". */
export function configLabel(path: string): string {
  const [root = path, ...inner] = path.split('.')
  const label = fieldInfoOf(root)?.label
  if (!label) return path
  if (inner.length === 0) return label
  if (root === 'stages') return [`Stage ${Number(inner[0]) + 1}`, ...inner.slice(1)].join(', ')
  return `${label}, ${inner.join('.')}`
}

/** The unit of a key of a configuration, also of one inside another: that of `schedule.drops.0` is "steps". Empty where it has none. */
export function configUnit(path: string): string {
  const [root = path, part] = path.split('.')
  const info = fieldInfoOf(root)
  return (part === undefined ? info?.unit : info?.units?.[part]) ?? ''
}

/** The name of a key with its unit, where the name does not end with it. Values are as they were written: fractions are no percentages. */
export function configTitle(path: string): string {
  const label = configLabel(path)
  const unit = unitBeside(label, configUnit(path))
  return unit === '' ? label : `${label} (${unit})`
}

/** The unit to be written beside a label; empty where the label has that word already. */
export const unitBeside = (label: string, unit: string): string => (label.toLowerCase().split(/\W+/).includes(unit) ? '' : unit)

/** What is wrong with a value for a key, in a sentence; null when nothing is. Runs the very schema that the back end runs. */
export function checkField(key: FieldKey, value: unknown): string | null {
  const option = optionOf(key)
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
