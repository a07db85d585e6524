import { RunConfigSchema, type RunOverrides } from '../../contract/config.js'
import { UserError } from '../../contract/errors.js'
import { hint } from '../../contract/near.js'

const KEYS = Object.keys(RunConfigSchema.shape)

export interface Setting {
  /** 'stages.0.units' is ['stages', '0', 'units'] */
  path: string[]
  value: unknown
}

/**
 * Reads `key.path=value`; the value is JSON, or text where it is none (so that `activation=tanh` needs no quotes).
 * @throws UserError BAD_INPUT
 */
export function parseSetting(text: string): Setting {
  const at = text.indexOf('=')
  const path = text.slice(0, Math.max(at, 0)).trim().split('.')
  if (at < 1 || path.some((key) => key === ''))
    throw new UserError(
      'BAD_INPUT',
      `--set ${JSON.stringify(text)} is not of the form key=value: write for example --set h=0.05 or --set stages.0.units=8.`,
    )
  const raw = text.slice(at + 1)
  try {
    return { path, value: JSON.parse(raw) as unknown }
  } catch {
    // No JSON: the text itself is the value.
    return { path, value: raw }
  }
}

function replaceIn(container: unknown, path: string[], value: unknown, name: string): unknown {
  const [key, ...rest] = path
  if (key === undefined) return value
  if (Array.isArray(container)) {
    const at = /^\d+$/.test(key) ? Number(key) : -1
    if (at < 0 || at >= container.length)
      throw new UserError('BAD_INPUT', `--set ${name}: there is no entry ${key}; the list has the entries 0 to ${container.length - 1}.`)
    return container.map((entry: unknown, index) => (index === at ? replaceIn(entry, rest, value, name) : entry))
  }
  if (typeof container !== 'object' || container === null)
    throw new UserError('BAD_INPUT', `--set ${name}: ${key} is part of a value that has no parts; set the value as a whole.`)
  const known = container as Record<string, unknown>
  if (!Object.hasOwn(known, key) && rest.length > 0)
    throw new UserError('BAD_INPUT', `--set ${name}: there is no ${key}; there are ${Object.keys(known).join(', ')}.`)
  return { ...known, [key]: replaceIn(Object.hasOwn(known, key) ? known[key] : undefined, rest, value, name) }
}

/**
 * The overrides that settings amount to. Overrides replace a key whole, so a setting deeper than its key is put into the
 * value that the key has without it.
 * @param current the resolved configuration without settings; asked only when a path goes deeper than its key
 */
export async function toOverrides(settings: Setting[], current: () => Promise<Record<string, unknown>>): Promise<RunOverrides> {
  let base: Record<string, unknown> | undefined
  const overrides: Record<string, unknown> = {}
  for (const { path, value } of settings) {
    const [key = '', ...rest] = path
    if (!KEYS.includes(key))
      throw new UserError(
        'BAD_INPUT',
        `--set ${path.join('.')}: the configuration has no key ${key}; ${hint(key, KEYS, `there are ${KEYS.join(', ')}.`)}`,
      )
    if (rest.length > 0 && !Object.hasOwn(overrides, key)) {
      base ??= await current()
      overrides[key] = base[key]
    }
    overrides[key] = replaceIn(overrides[key], rest, value, path.join('.'))
  }
  return overrides as RunOverrides
}
