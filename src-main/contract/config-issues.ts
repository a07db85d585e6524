import type { z } from 'zod'
import type { ConfigIssue } from './catalogue.js'
import { RunConfigSchema } from './config.js'
import { hint } from './near.js'

const KEYS = Object.keys(RunConfigSchema.shape)

/** The issue for a key that does not exist, with the keys that may have been meant. */
export const explainUnknownKey = (key: string, options: readonly string[] = []): ConfigIssue => ({
  path: key,
  message: `is not a configuration key; ${hint(key, [...KEYS, ...options], 'docs/configuration.md lists all keys.')}`,
})

/** The issues that a schema found in a configuration, by field. */
export function explainIssue(issue: z.core.$ZodIssue): ConfigIssue[] {
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => ({
      path: [...issue.path, key].join('.'),
      message: 'is not a configuration key; docs/configuration.md lists all keys.',
    }))
  const [key] = issue.path
  if (typeof key === 'string' && !KEYS.includes(key))
    return [{ path: key, message: `${explainUnknownKey(key).message} Options of an architecture are numbers, text, true or false.` }]
  return [{ path: issue.path.join('.'), message: issue.message }]
}

/** All issues as one text: a sentence each, which begins with the field. */
export const describeIssues = (issues: readonly ConfigIssue[]): string =>
  issues
    .map(({ path, message }) => (path ? `${path}: ${message}` : message))
    .map((text) => (/[.?!]$/.test(text) ? text : `${text}.`))
    .join(' ')
