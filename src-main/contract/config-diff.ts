/** One key in which two configurations differ; undefined where one of them lacks it. */
export interface ConfigDifference {
  /** `h`, `schedule.kind`, `stages.0.units` */
  path: string
  before: unknown
  after: unknown
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null

function collect(path: string, before: unknown, after: unknown, into: ConfigDifference[]): void {
  if (Object.is(before, after)) return
  if (!isRecord(before) || !isRecord(after) || Array.isArray(before) !== Array.isArray(after)) {
    into.push({ path, before, after })
    return
  }
  for (const key of new Set([...Object.keys(before), ...Object.keys(after)]))
    collect(path === '' ? key : `${path}.${key}`, before[key], after[key], into)
}

/** Every leaf in which two configurations (or any two JSON values) differ, in the order of their keys. */
export function configDiff(before: object, after: object): ConfigDifference[] {
  const found: ConfigDifference[] = []
  collect('', before, after, found)
  return found
}
