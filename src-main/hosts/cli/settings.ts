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
 * Parses `key.path=value`. The value is JSON, or else plain text (so that `activation=tanh` needs no quotes).
 * @throws UserError BAD_INPUT
 */
export function parseSetting(text: string): Setting {
  const at = text.indexOf('=')
  const path = text.slice(0, Math.max(at, 0)).trim().split('.')
  if (at < 1 || path.some((key) => key === ''))
    throw new UserError(
      'BAD_INPUT',
      `--set ${JSON.stringify(text)} does not have the form key=value. Write, for example, --set h=0.05 or --set stages.0.units=8.`,
    )
  const raw = text.slice(at + 1)
  try {
    return { path, value: JSON.parse(raw) as unknown }
  } catch {
    // The text is not JSON and is taken as it is.
    return { path, value: raw }
  }
}

function replaceIn(container: unknown, path: string[], value: unknown, name: string): unknown {
  const [key, ...rest] = path
  if (key === undefined) return value
  if (Array.isArray(container)) {
    const at = /^\d+$/.test(key) ? Number(key) : -1
    if (at < 0 || at >= container.length)
      throw new UserError('BAD_INPUT', `--set ${name}: there is no item ${key}; the list has the items 0 to ${container.length - 1}.`)
    return container.map((entry: unknown, index) => (index === at ? replaceIn(entry, rest, value, name) : entry))
  }
  if (typeof container !== 'object' || container === null)
    throw new UserError('BAD_INPUT', `--set ${name}: the value has no key ${key}; set the value as a whole.`)
  const known = container as Record<string, unknown>
  if (!Object.hasOwn(known, key) && rest.length > 0)
    throw new UserError('BAD_INPUT', `--set ${name}: there is no key ${key}; choose one of ${Object.keys(known).join(', ')}.`)
  return { ...known, [key]: replaceIn(Object.hasOwn(known, key) ? known[key] : undefined, rest, value, name) }
}

/**
 * Converts settings to overrides. Overrides replace a key as a whole, so a setting of a nested key is merged into the current value.
 * @param current the resolved configuration with the settings of whole keys alone; asked only when a path goes deeper than its key
 */
export async function toOverrides(
  settings: Setting[],
  current: (whole: RunOverrides) => Promise<Record<string, unknown>>,
): Promise<RunOverrides> {
  let base: Record<string, unknown> | undefined
  const overrides: Record<string, unknown> = {}
  const whole = Object.fromEntries(settings.filter(({ path }) => path.length === 1).map(({ path: [key = ''], value }) => [key, value]))
  for (const { path, value } of settings) {
    const [key = '', ...rest] = path
    // An unknown key without a path may be an option of the architecture, which the preset, a later setting or the parent determines.
    if (!KEYS.includes(key) && rest.length > 0)
      throw new UserError(
        'BAD_INPUT',
        `--set ${path.join('.')}: the configuration has no key ${key}; ${hint(key, KEYS, `choose one of ${KEYS.join(', ')}.`)}`,
      )
    if (rest.length > 0 && !Object.hasOwn(overrides, key)) {
      base ??= await current(whole)
      overrides[key] = base[key]
    }
    overrides[key] = replaceIn(overrides[key], rest, value, path.join('.'))
  }
  return overrides as RunOverrides
}
