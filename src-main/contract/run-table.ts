import type { RunSummary } from './runs.js'

/**
 * Runs tables are sent as a single JSON text: the transport's own encoding walks every value, which for 10,000 runs takes several times
 * as long as everything else combined.
 */

/** Rows as lists of values in key order. Metrics that are not finite are text, because JSON has no numbers for them. */
interface PackedRuns {
  keys: (keyof RunSummary)[]
  rows: unknown[][]
}

const withNames = (numbers: Record<string, number>): Record<string, number | string> =>
  Object.fromEntries(Object.entries(numbers).map(([key, value]) => [key, Number.isFinite(value) ? value : String(value)]))

export function packRuns(runs: readonly RunSummary[]): string {
  const keys = Object.keys(runs[0] ?? {}) as (keyof RunSummary)[]
  const rows = runs.map((run) => keys.map((key) => (key === 'latest' ? withNames(run.latest) : run[key])))
  return JSON.stringify({ keys, rows } satisfies PackedRuns)
}

export function unpackRuns(text: string): RunSummary[] {
  const { keys, rows } = JSON.parse(text) as PackedRuns
  return rows.map((row) => {
    const run: Record<string, unknown> = {}
    for (let i = 0; i < keys.length; i++) run[keys[i] as string] = row[i]
    const latest = run['latest'] as Record<string, number | string>
    for (const key in latest) if (typeof latest[key] === 'string') latest[key] = Number(latest[key])
    return run as RunSummary
  })
}

export type ConfigValue = string | number | boolean

/** The configurations of many runs by column: most keys have few distinct values, or one. */
export interface ConfigTable {
  ids: string[]
  columns: {
    /** `h`, `schedule.kind`, `stages.0.units` */
    key: string
    values: ConfigValue[]
    /** For each run the index of its value, or -1 when it has none; null when all runs have the only value. */
    codes: number[] | null
  }[]
}

/** Every leaf of a configuration with its path. A list of plain values is one leaf. */
export function* configLeaves(config: object, path = ''): Generator<[string, ConfigValue]> {
  for (const [key, value] of Object.entries(config) as [string, unknown][]) {
    const here = path === '' ? key : `${path}.${key}`
    if (Array.isArray(value) && value.every((item) => typeof item !== 'object')) yield [here, value.join(', ')]
    else if (typeof value === 'object' && value !== null) yield* configLeaves(value, here)
    else if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') yield [here, value]
  }
}

/** Builds a `ConfigTable` one run at a time. */
export class ConfigTableBuilder {
  private readonly ids: string[] = []
  private readonly columns = new Map<string, { codeOf: Map<ConfigValue, number>; codes: number[] }>()

  add(id: string, config: object): void {
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
