import type { Points } from '../../src-main/contract/metrics.js'
import type { Aggregate } from '../compare/aggregate.js'
import type { Leaf } from '../compare/configs.js'
import { figureColumns, type FigureRow } from '../compare/figures.js'

/** One series of one run, whole. */
export interface ExportedSeries {
  runId: string
  run: string
  key: string
  points: Points
}

/** A cell as RFC 4180 has it; what a spreadsheet would take for a formula is text. */
function cell(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text
  return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}

/** A number that reads back as the same double, -0 too. */
const exact = (value: number): string => (Object.is(value, -0) ? '-0' : String(value))

/** A row a stored point, in full precision: reading a number back gives the same double. NaN and infinities by name. */
export function pointsCsv(series: readonly ExportedSeries[]): string {
  const rows = series.flatMap(({ runId, run, key, points: { steps, values, times } }) => {
    const head = `${cell(runId)},${cell(run)},${cell(key)}`
    return Array.from(steps, (step, i) => `${head},${step},${exact(values[i] as number)},${times[i]}`)
  })
  return `${['run,name,metric,step,value,time_ms', ...rows].join('\n')}\n`
}

/** The statistics of a group of runs as they are on a chart, without smoothing. */
export interface ExportedGroup {
  label: string
  key: string
  aggregate: Aggregate
}

/** A row a step of a group: how many runs have a value there, their middle, and the edges of the band; empty where there is none. */
export function groupsCsv(groups: readonly ExportedGroup[]): string {
  const number = (value: number): string => (Number.isNaN(value) ? '' : String(value))
  const rows = groups.flatMap(({ label, key, aggregate: { buffer, counts, low, high, center, spread } }) => {
    const head = `${cell(label)},${cell(key)},${center},${spread}`
    return counts.map((n, i) => `${head},${buffer.step(i)},${n},${[buffer.value(i), low.value(i), high.value(i)].map(number).join(',')}`)
  })
  return `${['group,metric,center,band,step,n,value,low,high', ...rows].join('\n')}\n`
}

/** Stored points as JSON, which has no NaN and infinities, and of which few readers keep a -0: there they are strings. */
export function pointsJson(series: readonly ExportedSeries[]): string {
  const plain = (array: Float64Array): (number | string)[] =>
    Array.from(array, (value) => (Number.isFinite(value) && !Object.is(value, -0) ? value : exact(value)))
  return JSON.stringify(
    series.map(({ runId, run, key, points: { steps, values, times } }) => ({
      run: runId,
      name: run,
      metric: key,
      steps: plain(steps),
      values: plain(values),
      times: plain(times),
    })),
  )
}

/** Final and best values of runs or groups, a row each metric and kind, in full precision; empty where there is none. */
export function figuresCsv(rows: readonly FigureRow[], metrics: readonly string[]): string {
  const number = (value: number): string => (Number.isNaN(value) ? '' : String(value))
  const lines = rows.flatMap((row) =>
    figureColumns(metrics).flatMap(({ key, kind }) => {
      const sample = row[kind].get(key)
      if (!sample || sample.n === 0) return []
      const { n, mean, median, deviation, error, min, max } = sample
      return [`${cell(row.label)},${cell(key)},${kind},${n},${[mean, median, deviation, error, min, max].map(number).join(',')}`]
    }),
  )
  return `${['run,metric,kind,n,mean,median,deviation,error,min,max', ...lines].join('\n')}\n`
}

/** The same as JSON: an object a row, null where a statistic is not defined. */
export function figuresJson(rows: readonly FigureRow[], metrics: readonly string[]): string {
  const number = (value: number): number | null => (Number.isFinite(value) ? value : null)
  return JSON.stringify(
    rows.flatMap((row) =>
      figureColumns(metrics).flatMap(({ key, kind }) => {
        const sample = row[kind].get(key)
        if (!sample || sample.n === 0) return []
        const { n, mean, median, deviation, error, min, max } = sample
        const statistics = Object.entries({ mean, median, deviation, error, min, max }).map(([name, value]) => [name, number(value)])
        return [{ run: row.label, metric: key, kind, n, ...Object.fromEntries(statistics) }]
      }),
    ),
  )
}

/** A row a run with what is known of it, in full precision; empty where a value is not known. */
export function quantitiesCsv(
  runs: readonly { id: string; name: string }[],
  quantities: readonly { name: string; values: readonly Leaf[] }[],
): string {
  const written = (value: Leaf): string => (typeof value === 'string' ? cell(value) : String(value ?? ''))
  const rows = runs.map(({ id, name }, i) => [cell(id), cell(name), ...quantities.map(({ values }) => written(values[i]))].join(','))
  return `${[['run', 'name', ...quantities.map((quantity) => cell(quantity.name))].join(','), ...rows].join('\n')}\n`
}

/** The same as JSON: an object a run, by the quantities' names. */
export const quantitiesJson = (...[runs, quantities]: Parameters<typeof quantitiesCsv>): string =>
  JSON.stringify(
    runs.map(({ id, name }, i) => ({
      run: id,
      name,
      values: Object.fromEntries(quantities.map((quantity) => [quantity.name, quantity.values[i] ?? null])),
    })),
  )
