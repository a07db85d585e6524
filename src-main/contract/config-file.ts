import type { ConfigIssue } from './catalogue.js'
import { explainIssue } from './config-issues.js'
import { RunOverridesSchema, type RunConfig, type RunOverrides } from './config.js'

/** Characters of a file of a configuration; a whole one has about 2,000. */
const MOST = 2 ** 20

export type ConfigFile = { config: RunOverrides; issues: null } | { config: null; issues: ConfigIssue[] }

/**
 * Reads a configuration, or a part of one, from JSON. Nothing is filled in: what is not there is taken from the preset it is for.
 * Issues name every field that is wrong, and every key that there is not.
 */
export function readConfigFile(text: string): ConfigFile {
  const refused = (message: string): ConfigFile => ({ config: null, issues: [{ path: '', message }] })
  if (text.trim() === '') return refused('There is nothing in it: give the JSON of a configuration.')
  if (text.length > MOST) return refused('It is longer than 1 MiB: that is no configuration of a run.')
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    return refused(`This is no JSON: ${(error as Error).message}.`)
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return refused('A configuration is a JSON object, { "preset": ..., "dataset": ..., ... }.')
  const parsed = RunOverridesSchema.safeParse(value)
  return parsed.success ? { config: parsed.data, issues: null } : { config: null, issues: parsed.error.issues.flatMap(explainIssue) }
}

/** The whole configuration of a run, preset and data set included, as `readConfigFile` reads it back. */
export const writeConfigFile = (config: RunConfig): string => `${JSON.stringify(config, null, 2)}\n`
