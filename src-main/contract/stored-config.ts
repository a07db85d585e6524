import type { z } from 'zod'
import { describeIssues, explainIssue } from './config-issues.js'
import { fieldInfo, RunConfigSchema, type RunConfig } from './config.js'
import { UserError } from './errors.js'
import { versionsOf, type Migration, type Step } from './versions.js'

/** A configuration as parsed from JSON, in the format of some version. */
export type RawConfig = Readonly<Record<string, unknown>>

/** A change of keys that is more than a new one, such as another name. */
export type ConfigMigration = Migration<RawConfig>

/** The keys that each version added, with the values that reproduce the behaviour before (`since` of `field`); never today's defaults. */
function addedKeys(): Step<RawConfig>[] {
  const added = new Map<number, Record<string, unknown>>()
  for (const [key, schema] of Object.entries<z.ZodType>(RunConfigSchema.shape)) {
    const since = fieldInfo(schema)?.since
    if (since) added.set(since.version, { ...added.get(since.version), [key]: since.before })
  }
  return [...added].map(([to, before]) => ({ to, migrate: (config) => ({ ...before, ...config }) }))
}

/** The versions of the configuration format. Version 1 is the one without a number. */
export const configVersions = versionsOf(
  import.meta.glob<ConfigMigration>('./config-versions/*.ts', { eager: true, import: 'migrate' }),
  addedKeys(),
)

/** The version of `RunConfigSchema`, which is stored with every configuration. */
export const CONFIG_VERSION = configVersions.current

/** A configuration as stored. It must be read with `readStoredConfig` before it is used. */
export interface StoredConfig {
  version: number
  /** JSON. */
  text: string
}

export const storeConfig = (config: RunConfig): StoredConfig => ({ version: CONFIG_VERSION, text: JSON.stringify(config) })

/**
 * Reads a configuration that any version stored. Only migrations fill in keys, never defaults.
 * @throws UserError BAD_INPUT that names the version and the wrong key
 */
export const readStoredConfig = ({ version, text }: StoredConfig): RunConfig => readConfig(version, parse(version, text))

/**
 * Reads a stored configuration without checking it, for tables of thousands of runs: checking takes 3 to 12 times as long as the rest.
 * @throws UserError BAD_INPUT when it is not a JSON object, or of a later version
 */
export const glanceAtStoredConfig = ({ version, text }: StoredConfig): RawConfig => migrateConfig(version, parse(version, text))

function parse(version: number, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw unreadable(version, `is not valid JSON (${(error as Error).message}).`, error)
  }
}

/** The same for a configuration that is already parsed. @throws UserError BAD_INPUT */
export function readConfig(version: number, raw: unknown): RunConfig {
  const whole = migrateConfig(version, raw)
  const parsed = RunConfigSchema.safeParse(whole)
  if (!parsed.success) throw unreadable(version, `is not valid. ${describeIssues(parsed.error.issues.flatMap(explainIssue))}`, parsed.error)
  const missing = added(whole, parsed.data)
  if (missing !== undefined) throw unreadable(version, `lacks the key ${missing}, which its version requires.`)
  return parsed.data
}

/**
 * Migrates a complete or partial configuration to the current version, without checking it.
 * @throws UserError BAD_INPUT when it is not an object, or of an unknown version
 */
export function migrateConfig(version: number, raw: unknown): RawConfig {
  if (!Number.isInteger(version) || version < 1 || version > CONFIG_VERSION)
    throw new UserError(
      'BAD_INPUT',
      `This configuration has version ${version}, but this Retrace only reads versions 1 to ${CONFIG_VERSION}. Update Retrace.`,
    )
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) throw unreadable(version, 'is not a JSON object.')
  return configVersions.migrate(version, raw as RawConfig)
}

const unreadable = (version: number, what: string, cause?: unknown): UserError =>
  new UserError(
    'BAD_INPUT',
    `The stored configuration (format version ${version}) ${what} It is damaged or was written by another version of Retrace. Open it with that version, or start a new run.`,
    { cause },
  )

/** The path of the first value that the schema had to fill in. */
function added(raw: unknown, parsed: unknown): string | undefined {
  if (typeof parsed !== 'object' || parsed === null) return undefined
  for (const [key, value] of Object.entries(parsed) as [string, unknown][]) {
    if (!Object.hasOwn(raw as object, key)) return key
    const inside = added((raw as RawConfig)[key], value)
    if (inside !== undefined) return `${key}.${inside}`
  }
  return undefined
}
