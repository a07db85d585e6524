import { z } from 'zod'
import { RunConfigSchema, type FieldInfo, type RunConfig } from '../../src-main/contract/config.js'

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

function controlOf(key: string, schema: JsonSchema): Control {
  if (key in SPECIAL) return { kind: SPECIAL[key as keyof typeof SPECIAL] }
  if (schema.anyOf?.some((branch) => branch.const === 'auto')) return { kind: 'auto' }
  if (schema.enum) return { kind: 'choice', options: schema.enum }
  if (schema.type === 'boolean') return { kind: 'switch' }
  if (schema.type === 'integer' || schema.type === 'number')
    return { kind: 'number', integer: schema.type === 'integer', min: schema.minimum ?? null, max: schema.maximum ?? null }
  return { kind: 'text' }
}

/** Every key of a run's configuration that the form offers, in the schema's order, with what the schema says about it. */
export function formFields(): Field[] {
  return Object.entries(properties()).flatMap(([key, schema]) =>
    schema.field && !ELSEWHERE.has(key) ? [{ key: key as FieldKey, info: schema.field, control: controlOf(key, schema) }] : [],
  )
}

/** The schema's account of one key, for the table of a run's configuration. */
export const fieldInfoOf = (key: string): FieldInfo | undefined => properties()[key]?.field

/** The name of a key of a configuration, also of one inside another: `stages.0.units` is "Stage 1, units". */
export function configLabel(path: string): string {
  const [root = path, ...inner] = path.split('.')
  const label = fieldInfoOf(root)?.label
  if (!label) return path
  if (inner.length === 0) return label
  if (root === 'stages') return [`Stage ${Number(inner[0]) + 1}`, ...inner.slice(1)].join(', ')
  return `${label}, ${inner.join('.')}`
}

/** What is wrong with a value for a key, in a sentence; null when nothing is. Runs the very schema that the back end runs. */
export function checkField(key: FieldKey, value: unknown): string | null {
  const result = RunConfigSchema.shape[key].safeParse(value)
  if (result.success) return null
  return result.error.issues
    .map((issue) => {
      const where =
        issue.path.length > 0 ? `${issue.path.map((part) => (typeof part === 'number' ? part + 1 : String(part))).join(' ')}: ` : ''
      return where + issue.message
    })
    .join('; ')
}
