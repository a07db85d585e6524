import type { z } from 'zod'

/** What forms and documentation show about one configuration key. */
export interface FieldInfo {
  group: 'Network' | 'Training' | 'Data' | 'Evaluation' | 'Run'
  label: string
  help: string
  /** Where the value or the idea comes from: a section of a paper, or the reference implementation. */
  source?: string
  unit?: string
  /** For an object: the units of its properties by name. */
  units?: Readonly<Record<string, string>>
  /** Shown behind "more" in the form. */
  advanced?: boolean
  /** Whether it determines the weights and their shapes, so that a run that starts from given weights cannot change it. */
  shapesWeights?: boolean
  /** For a text that lists names of presets or data sets, or holds one: what the form offers. */
  choose?: 'presets' | 'datasets' | 'preset' | 'dataset' | 'keys'
  /** For a key that version 1 of configurations did not have. */
  since?: AddedKey
}

/** When a configuration key was added: see docs/adding-a-key.md. */
export interface AddedKey<Value = unknown> {
  /** The first version of configurations that has it. */
  version: number
  /** The value that reproduces the behaviour from before the key existed, which stored configurations of earlier versions get. */
  before: Value
}

/** Attaches to a schema what forms and documentation show about it. */
export const field = <T extends z.ZodType>(schema: T, info: Omit<FieldInfo, 'since'> & { since?: AddedKey<z.output<T>> }): T =>
  schema.meta({ field: info }) as T

/** What forms and documentation show about a key's schema. */
export function fieldInfo(schema: z.ZodType): FieldInfo | undefined {
  return schema.meta()?.field as FieldInfo | undefined
}
