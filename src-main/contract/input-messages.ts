import { z } from 'zod'

/**
 * Messages for invalid input: they say what the field accepts, derived from its schema. Importing this file replaces zod's own messages
 * everywhere, so that the window, the command line and the server say the same.
 */

/** The constraints in a JSON schema. Limits are numbers in the drafts that zod writes by default. */
type Schema = z.core.JSONSchema.BaseSchema & { exclusiveMinimum?: number; exclusiveMaximum?: number }

/** "a, b or c" */
export const alternatives = (names: readonly string[]): string =>
  names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} or ${names.at(-1)!}`

const numeral = (value: number): string =>
  Number.isInteger(value) && Math.abs(value) >= 10_000 ? value.toLocaleString('en-US') : String(value)

/** "from 1 to 64", "above 0 and at most 10", "" if there are no limits. */
function range({ minimum: low, exclusiveMinimum: above, maximum: high, exclusiveMaximum: below }: Schema): string {
  const stated = (limit: number | undefined): limit is number => limit !== undefined && Math.abs(limit) < Number.MAX_SAFE_INTEGER
  if (stated(low) && stated(high)) return ` from ${numeral(low)} to ${numeral(high)}`
  const limits = [
    stated(low) ? `of at least ${numeral(low)}` : '',
    stated(above) ? `above ${numeral(above)}` : '',
    stated(high) ? `${stated(above) ? '' : 'of '}at most ${numeral(high)}` : '',
    stated(below) ? `below ${numeral(below)}` : '',
  ].filter(Boolean)
  return limits.length ? ` ${limits.join(' and ')}` : ''
}

/** "1 to 40 characters", "" if there are no limits. */
function size(least: number | undefined, most: number | undefined, unit: string): string {
  const counted = (count: number): string => `${numeral(count)} ${unit}${count === 1 ? '' : 's'}`
  if (least && most !== undefined) return least === most ? ` of ${counted(most)}` : ` of ${numeral(least)} to ${counted(most)}`
  if (most !== undefined) return ` of at most ${counted(most)}`
  return least ? ` of at least ${counted(least)}` : ''
}

function allowed(schema: Schema): string {
  if (schema.enum) return alternatives(schema.enum.map(String))
  if (schema.const !== undefined) return String(schema.const)
  const choices = schema.anyOf ?? schema.oneOf
  if (choices) return alternatives([...new Set(choices.map((each) => allowed(each as Schema)))])
  switch (schema.type) {
    case 'integer':
      return `a whole number${range(schema)}`
    case 'number':
      return `a number${range(schema)}`
    case 'boolean':
      return 'true or false'
    case 'string':
      return schema.pattern === undefined
        ? `text${size(schema.minLength, schema.maxLength, 'character')}`
        : `text that matches ${schema.pattern}`
    case 'array':
      return `a list${size(schema.minItems, schema.maxItems, 'item')}`
    case 'object': {
      const keys = Object.keys(schema.properties ?? {})
      return keys.length ? `an object with ${keys.join(', ')}` : 'an object'
    }
    default:
      return 'null'
  }
}

/** What a schema accepts, as a phrase after "must be": "a whole number from 1 to 64", "true or false", "a list of 1 to 16 items". */
export const allowedBy = (schema: z.core.$ZodType): string =>
  allowed(z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as Schema)

/** In much of Europe, 0.05 is written 0,05. */
const decimalComma = (input: unknown): string =>
  typeof input === 'string' && /^[-+]?\d+,\d+$/.test(input.trim()) ? `; write ${input.trim().replace(',', '.')} with a decimal point` : ''

/** The message of one issue, to follow the name of its field. */
function describeIssue(issue: z.core.$ZodRawIssue): string {
  if (issue.code === 'unrecognized_keys') return `has no key ${alternatives(issue.keys)}`
  if (issue.code === 'invalid_union' && Array.isArray(issue.options) && issue.options.length > 0)
    return `must be ${alternatives(issue.options.filter((option) => option !== undefined).map(String))}`
  if (issue.code === 'custom' || issue.schema === undefined) return 'is not allowed'
  const must = `must be ${allowedBy(issue.schema)}`
  return issue.input === undefined ? `is missing: it ${must}` : `${must}${decimalComma(issue.input)}`
}

z.config({ customError: describeIssue })
