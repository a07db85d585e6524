import { parseBounded } from '../contract/bounded-json.js'
import { explainIssue } from '../contract/config-issues.js'
import { RunOverridesSchema, type RunOverrides, type Stage } from '../contract/config.js'
import { OptionError } from '../contract/errors.js'
import { randomFor } from '../numeric/random.js'

export type SearchValue = number | string | boolean

/** A varied key: a list of values, or a range from which random search samples. */
export interface SearchKey {
  /** A key of the configuration, `stages.*.units`, `stages.*.channels`, `preset` or `dataset`. */
  path: string
  /** The same as a column name. */
  column: string
  values: readonly SearchValue[]
  range: { low: number; high: number; log: boolean } | null
}

const refuse = (why: string, option = 'keys'): never => {
  throw new OptionError(option, why)
}

function readValue(text: string): SearchValue {
  if (text === 'true' || text === 'false') return text === 'true'
  const number = Number(text)
  return text !== '' && Number.isFinite(number) ? number : text
}

/**
 * Parses `h=0.1|0.3|1; learningRate=0.01..0.3 log; stages.*.units=2|4`.
 * @throws UserError BAD_INPUT that names the invalid part
 */
export function readSearchKeys(text: string): SearchKey[] {
  const keys = text
    .split(';')
    .map((part) => part.trim())
    .filter(Boolean)
    .map((part): SearchKey => {
      const [, path = '', said = ''] =
        /^([A-Za-z][\w.*]*)\s*=\s*(.+)$/.exec(part) ?? refuse(`"${part}" is not key=value|value or key=low..high.`)!
      const column = path.replace(/[^A-Za-z0-9]+(.?)/g, (_, next: string) => next.toUpperCase())
      const range = /^([^.|]+(?:\.\d+)?(?:e[-+]?\d+)?)\.\.(\S+?)(\s+log)?$/i.exec(said)
      if (!range) {
        const values = said.split('|').map((value) => readValue(value.trim()))
        if (values.includes('')) refuse(`${path} has an empty value. Separate values with single vertical bars.`)
        return { path, column, values: [...new Set(values)], range: null }
      }
      const [low, high, log] = [Number(range[1]), Number(range[2]), range[3] !== undefined]
      if (!(low < high) || (log && !(low > 0)))
        refuse(`the range of ${path} must ascend${log ? ', and begin above 0 to be logarithmic' : ''}: ${said}.`)
      return { path, column, values: [], range: { low, high, log } }
    })
  if (keys.length === 0) refuse('give at least one key, such as h=0.1|0.3|1.')
  const twice = keys.find(({ column }, at) => keys.findIndex((other) => other.column === column) !== at)
  if (twice) refuse(`${twice.path} appears twice.`)
  return keys
}

/** Keys that would end runs at different steps, or evaluate them at steps other than those of the rungs. */
const OF_THE_LENGTH = ['steps', 'epochs', 'earlyStopping', 'evaluateEvery'] as const

/** @throws UserError BAD_INPUT if runs could not be compared at the steps of rungs */
export function refuseOtherLengths(keys: readonly SearchKey[], ...configs: Readonly<Record<string, unknown>>[]): void {
  const varied = OF_THE_LENGTH.find((key) => keys.some(({ path }) => path === key))
  if (varied) refuse(`${varied} cannot be varied when runs are compared at the same steps. Remove it or set rungs to 1.`)
  const set = (['earlyStopping', 'evaluateEvery'] as const).find((key) => configs.some((config) => Boolean(config[key])))
  if (set)
    refuse(`with ${set} in the configuration, runs cannot be compared at the steps of the rungs. Set it to 0, or rungs to 1.`, 'rungs')
}

/** Keys for which a search has options, or which it varies itself. */
const OF_THE_SEARCH = ['preset', 'dataset', 'steps', 'seed', 'validation'] as const

/**
 * Parses the base configuration of a search, in addition to its preset: a partial configuration as JSON, nothing for an empty text.
 * @throws UserError BAD_INPUT that names the error
 */
export function readBase(text: string): RunOverrides {
  if (text === '') return {}
  let value: unknown
  try {
    value = parseBounded(text, { depth: 8, containers: 1000 })
  } catch (error) {
    return refuse(`this is not JSON such as {"h":0.1,"batch":64}: ${(error as Error).message}.`, 'base')
  }
  const parsed = RunOverridesSchema.safeParse(value)
  if (!parsed.success)
    return refuse(
      parsed.error.issues
        .flatMap(explainIssue)
        .map(({ path, message }) => `${path} ${message}`)
        .join('. '),
      'base',
    )
  const own = OF_THE_SEARCH.find((key) => parsed.data[key] !== undefined)
  if (own) refuse(`${own} is a separate option of the study. Remove it here.`, 'base')
  return parsed.data as RunOverrides
}

/** Every combination of the values of all keys, the last key fastest. @throws UserError BAD_INPUT when a key has a range */
export function gridOf(keys: readonly SearchKey[]): Record<string, SearchValue>[] {
  const ranged = keys.find(({ range }) => range)
  if (ranged)
    refuse(`${ranged.path} has a range, which only random search can draw from. For a grid, list its values: ${ranged.path}=a|b|c.`)
  return keys.reduce<Record<string, SearchValue>[]>(
    (grid, { path, values }) => grid.flatMap((point) => values.map((value) => ({ ...point, [path]: value }))),
    [{}],
  )
}

/** The given number of combinations, drawn independently from a seed. Numbers from ranges have four significant digits. */
export function randomPoints(keys: readonly SearchKey[], count: number, seed: number): Record<string, SearchValue>[] {
  return Array.from({ length: count }, (_, at) => {
    const random = randomFor(seed, 'search', at)
    const draw = ({ values, range }: SearchKey): SearchValue => {
      if (!range) return values[random.integer(0, values.length - 1)]!
      const { low, high, log } = range
      const share = random.uniform()
      return Number((log ? low * (high / low) ** share : low + share * (high - low)).toPrecision(4))
    }
    return Object.fromEntries(keys.map((key) => [key.path, draw(key)]))
  })
}

/** The configuration changes of a point. @param stages those of the base configuration, otherwise of the preset */
export function applyPoint(
  point: Readonly<Record<string, SearchValue>>,
  stages: readonly Stage[],
): { preset?: string; dataset?: string; overrides: RunOverrides } {
  const overrides: Record<string, unknown> = {}
  const run: { preset?: string; dataset?: string } = {}
  let shaped = stages.map((stage) => ({ ...stage }))
  for (const [path, value] of Object.entries(point)) {
    const part = /^stages\.\*\.(units|channels)$/.exec(path)?.[1] as 'units' | 'channels' | undefined
    if (part) shaped = shaped.map((stage) => ({ ...stage, [part]: value as number }))
    else if (path === 'preset' || path === 'dataset') run[path] = String(value)
    else if (path.includes('.'))
      refuse(`${path} cannot be varied: the only nested keys that can be varied are stages.*.units and stages.*.channels.`)
    else overrides[path] = value
  }
  const varied = Object.keys(point).some((path) => path.startsWith('stages.*.'))
  return { ...run, overrides: { ...overrides, ...(varied ? { stages: shaped } : {}) } as RunOverrides }
}
