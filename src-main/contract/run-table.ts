import type { RunConfig } from './config.js'
import type { RunSummary } from './runs.js'

/**
 * Tables of runs travel as one text of JSON: the transport's own encoding walks every value, which for 10,000 runs takes several times
 * as long as everything else together.
 */

const isFinite = (numbers: Record<string, number>): boolean => {
  for (const key in numbers) if (!Number.isFinite(numbers[key])) return false
  return true
}

/** Non-finite values travel by their names, which JSON has no numbers for. */
const withNames = (numbers: Record<string, number>): Record<string, number | string> =>
  Object.fromEntries(Object.entries(numbers).map(([key, value]) => [key, Number.isFinite(value) ? value : String(value)]))

export const packRuns = (runs: readonly RunSummary[]): string =>
  JSON.stringify(runs.map((run) => (isFinite(run.latest) ? run : { ...run, latest: withNames(run.latest) })))

export function unpackRuns(text: string): RunSummary[] {
  const runs = JSON.parse(text) as RunSummary[]
  for (const { latest } of runs) for (const key in latest) if (typeof latest[key] === 'string') latest[key] = Number(latest[key])
  return runs
}

export type ConfigValue = string | number | boolean

/** The configurations of many runs by column: of most keys there are few values, or one. */
export interface ConfigTable {
  ids: string[]
  columns: {
    /** `h`, `schedule.kind`, `stages.0.units` */
    key: string
    values: ConfigValue[]
    /** For each run the index of its value, -1 where it has none; null: every run has the only one. */
    codes: number[] | null
  }[]
}

/** Every leaf of a configuration by its path. Lists of plain values are one leaf. */
export function* configLeaves(config: object, path = ''): Generator<[string, ConfigValue]> {
  for (const [key, value] of Object.entries(config) as [string, unknown][]) {
    const here = path === '' ? key : `${path}.${key}`
    if (Array.isArray(value) && value.every((item) => typeof item !== 'object')) yield [here, value.join(', ')]
    else if (typeof value === 'object' && value !== null) yield* configLeaves(value, here)
    else if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') yield [here, value]
  }
}

/** Makes a `ConfigTable` a run at a time. */
export class ConfigTableBuilder {
  private readonly ids: string[] = []
  private readonly columns = new Map<string, { codeOf: Map<ConfigValue, number>; codes: number[] }>()

  add(id: string, config: RunConfig): void {
    const row = this.ids.push(id) - 1
    for (const [key, value] of configLeaves(config)) {
      let column = this.columns.get(key)
      if (!column) this.columns.set(key, (column = { codeOf: new Map(), codes: [] }))
      let code = column.codeOf.get(value)
      if (code === undefined) column.codeOf.set(value, (code = column.codeOf.size))
      while (column.codes.length < row) column.codes.push(-1)
      column.codes.push(code)
    }
  }

  table(): ConfigTable {
    const rows = this.ids.length
    return {
      ids: this.ids,
      columns: [...this.columns].map(([key, { codeOf, codes }]) => {
        while (codes.length < rows) codes.push(-1)
        return { key, values: [...codeOf.keys()], codes: codeOf.size === 1 && !codes.includes(-1) ? null : codes }
      }),
    }
  }
}
