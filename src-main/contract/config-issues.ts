import type { z } from 'zod'
import type { ConfigIssue } from './catalogue.js'
import { RunConfigSchema } from './config.js'
import { hint } from './near.js'

const KEYS = Object.keys(RunConfigSchema.shape)

/** What the schema found in a configuration, by field; a key that there is not is named with the one that may have been meant. */
export function explainIssue(issue: z.core.$ZodIssue): ConfigIssue[] {
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => ({
      path: [...issue.path, key].join('.'),
      message: `is no key of the configuration; ${issue.path.length ? 'look at the form or the documentation.' : hint(key, KEYS, 'see the form or the documentation for all keys.')}`,
    }))
  return [{ path: issue.path.join('.'), message: issue.message }]
}

/** One sentence for all of the issues. */
export const describeIssues = (issues: readonly ConfigIssue[]): string =>
  issues.map(({ path, message }) => (path ? `${path}: ${message}` : message)).join(' ')
