import { fieldInfo, fixedByWeights, RunConfigSchema, type RunConfig } from './config.js'

/** A key in which two configurations differ; a value is undefined when the configuration lacks the key. */
export interface ConfigDifference {
  /** `h`, `schedule.kind`, `stages.0.units` */
  path: string
  before: unknown
  after: unknown
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null

/** A key may have any name, even that of an inherited property. */
const own = (record: Record<string, unknown>, key: string): unknown => (Object.hasOwn(record, key) ? record[key] : undefined)

function collect(path: string, before: unknown, after: unknown, into: ConfigDifference[]): void {
  if (Object.is(before, after)) return
  if (!isRecord(before) || !isRecord(after) || Array.isArray(before) !== Array.isArray(after)) {
    into.push({ path, before, after })
    return
  }
  for (const key of new Set([...Object.keys(before), ...Object.keys(after)]))
    collect(path === '' ? key : `${path}.${key}`, own(before, key), own(after, key), into)
}

/** Every leaf in which two configurations (or any two JSON objects) differ, in key order. */
export function configDiff(before: object, after: object): ConfigDifference[] {
  const found: ConfigDifference[] = []
  collect('', before, after, found)
  return found
}

/** Keys that identify the network or distinguish repetitions. */
const APART: ReadonlySet<string> = new Set([...fixedByWeights(), 'preset', 'seed'])

/** The labels of the keys, other than architecture and seed, in which runs differ, in schema order. */
export function recipeDifferences(configs: readonly RunConfig[]): string[] {
  const [first] = configs
  return (Object.keys(RunConfigSchema.shape) as (keyof RunConfig)[])
    .filter((key) => !APART.has(key) && configs.some((config) => configDiff({ [key]: first?.[key] }, { [key]: config[key] }).length > 0))
    .map((key) => fieldInfo(RunConfigSchema.shape[key])?.label ?? key)
}

/** The same in one sentence. */
export function describeRecipes(configs: readonly RunConfig[]): string {
  const labels = recipeDifferences(configs)
  return labels.length
    ? `Apart from the architecture, these runs differ in: ${labels.join(', ')}.`
    : 'Same recipe: these runs differ only in architecture or seed.'
}
