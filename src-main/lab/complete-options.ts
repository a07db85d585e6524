import type { z } from 'zod'
import type { OptionValue } from '../contract/config.js'
import { UserError } from '../contract/errors.js'
import type { LabOptions } from '../contract/lab.js'
import { hint } from '../contract/near.js'

/**
 * All options of a diagnostic or a study: the requested value, otherwise the default.
 * @throws UserError BAD_INPUT that names every invalid one
 */
export function completeOptions(
  { title, options }: { title: string; options: Readonly<Record<string, z.ZodType<OptionValue>>> },
  asked: LabOptions,
): Record<string, OptionValue> {
  const keys = Object.keys(options)
  const problems = Object.keys(asked)
    .filter((key) => !(key in options))
    .map((key) => `${key}: ${title} has no such option; ${hint(key, keys, `there are ${keys.join(', ')}.`)}`)
  const whole: Record<string, OptionValue> = {}
  for (const [key, schema] of Object.entries(options)) {
    const given = schema.safeParse(asked[key])
    // A list with a single number arrives as a number, even if the option is a text.
    const parsed =
      given.success || typeof asked[key] === 'string' || asked[key] === undefined ? given : schema.safeParse(String(asked[key]))
    if (parsed.success) whole[key] = parsed.data
    else problems.push(...given.error!.issues.map(({ message }) => `${key}: ${message}.`))
  }
  if (problems.length) throw new UserError('BAD_INPUT', problems.join(' '))
  return whole
}
