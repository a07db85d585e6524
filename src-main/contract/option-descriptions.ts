import type { FieldInfo } from './config.js'

/** The JSON schema of one architecture option, as it travels from the dynamics to the forms. */
export type OptionDescription = Readonly<Record<string, unknown>> & { field?: FieldInfo }

/** Options of an architecture by configuration key. */
export type OptionDescriptions = Readonly<Record<string, OptionDescription>>
