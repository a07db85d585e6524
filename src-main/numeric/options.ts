import { ownOptions } from '../contract/architecture-options.js'
import type { ConfigIssue } from '../contract/catalogue.js'
import { explainUnknownKey } from '../contract/config-issues.js'
import type { NetworkConfig, OptionValue } from '../contract/config.js'
import type { Dynamics, Options } from './dynamics.js'

/** The default options of a dynamics. */
export const defaultOptions = ({ options = {} }: Dynamics): Options =>
  Object.fromEntries(Object.entries(options).map(([key, schema]) => [key, schema.parse(undefined)]))

/**
 * Reads the options of a complete configuration. A missing option is an issue: defaults must not change what a stored run computes.
 */
export function readOptions({ label, options = {} }: Dynamics, config: NetworkConfig): { options: Options; issues: ConfigIssue[] } {
  const given = ownOptions(config)
  const issues = Object.keys(given)
    .filter((key) => !(key in options))
    .map((key) => explainUnknownKey(key, Object.keys(options)))
  const read: Record<string, OptionValue> = {}
  for (const [key, schema] of Object.entries(options)) {
    if (!(key in given)) {
      issues.push({ path: key, message: `is missing: every configuration of ${label} must have it` })
      continue
    }
    const parsed = schema.safeParse(given[key])
    if (parsed.success) read[key] = parsed.data
    else issues.push(...parsed.error.issues.map(({ message }) => ({ path: key, message })))
  }
  return { options: read, issues }
}
