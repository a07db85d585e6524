import { spansDecades } from '../../src-main/contract/lab.js'
import { readingLabel, readingsOf, readValue } from '../../src-main/contract/metrics.js'
import { axisTitle } from '../charts/axis-title.js'
import { formatY } from '../charts/frame-option.js'
import { chartTitle, metricLabel, metricUnit } from '../charts/sections.js'
import { configLabel, configTitle, configUnit } from '../home/fields.js'
import { formatMetric, formatValue } from '../ui/format.js'
import { differences } from './configs.js'
import { figureColumns, type Figured } from './figures.js'
import type { RunInfo } from './groups.js'

/** A property of every run as a number or a word: a hyperparameter that differs, or a result. */
export interface Quantity {
  id: string
  /** The name in files: the key of a hyperparameter. */
  name: string
  label: string
  /** With its unit, for an axis or a column header. */
  title: string
  unit: string
  /** Whether it was measured; otherwise it was chosen, and is shown as it was written. */
  measured: boolean
  logarithmic: boolean
  /** By run, in their order; null if unknown. */
  values: (number | string | null)[]
}

/** Converts the id of a quantity that an earlier version wrote into an address to the current one. */
export function currentId(id: string): string {
  const [, key, kind] = /^(.+) (final|best)$/s.exec(id) ?? []
  if (key === undefined) return id
  const readings = readingsOf(key)
  return `${key} ${kind === 'final' ? 'last' : readings.includes('best') ? 'best' : readings[0]}`
}

type Values = Quantity['values']
export const isNumber = (value: unknown): value is number => typeof value === 'number'
/** Whether it has words, in which case its numbers are treated as words too. */
export const hasWords = ({ values }: Pick<Quantity, 'values'>): boolean => values.some((value) => typeof value === 'string')
/** The distinct words of a quantity; unknown values are left out. */
export const wordsOf = ({ values }: Pick<Quantity, 'values'>): string[] => [
  ...new Set(values.filter((value) => value !== null).map((value) => String(value))),
]

/** The hyperparameters that differ between the runs, followed by every reading of each metric. */
export function quantitiesOf(runs: readonly RunInfo[], byId: ReadonlyMap<string, Figured>, metrics: readonly string[]): Quantity[] {
  const known = runs.flatMap(({ config, ...run }) => (config === null ? [] : [{ ...run, config }]))
  const rows = known.length > 1 ? differences(known) : []
  const inputs = rows.map(({ path, values }): Quantity => {
    const byRun = new Map(known.map(({ id }, i) => [id, values[i] ?? null]))
    const cells = runs.map(({ id }) => {
      const value = byRun.get(id) ?? null
      return typeof value === 'boolean' ? String(value) : value
    })
    const [label, title, unit] = [configLabel(path), configTitle(path), configUnit(path)]
    return { id: path, name: path, label, title, unit, measured: false, logarithmic: spansDecades(cells), values: cells }
  })
  const outcomes = figureColumns(metrics).map(({ key, kind }): Quantity => {
    const values = runs.map(({ id }) => {
      const row = byId.get(id)
      const value = row && readValue(row, key, kind)
      return value !== undefined && Number.isFinite(value) ? value : null
    })
    const unit = metricUnit(key)
    const label = readingLabel(key, kind)
    // Percentages carry their unit with every value.
    const title = axisTitle(chartTitle(key), unit === 'fraction' ? '' : unit) + label.slice(metricLabel(key).length)
    return { id: `${key} ${kind}`, name: label, label, title, unit, measured: true, logarithmic: spansDecades(values), values }
  })
  return [...inputs, ...outcomes].filter(({ values }) => values.some((value) => value !== null))
}

/** Whether its values are shown in percent. */
export const inPercent = ({ measured, unit }: Pick<Quantity, 'measured' | 'unit'>): boolean => measured && unit === 'fraction'

/** A formatted value of a quantity, without its unit if the title contains it. */
export function shown(quantity: Quantity, value: Values[number] | undefined): string {
  if (!isNumber(value)) return value ?? '–'
  if (quantity.measured) return formatMetric(value, inPercent(quantity) ? 'fraction' : '')
  return String(value).length > 9 ? formatValue(value, 6) : String(value).replace('-', '−')
}

/** A value on an axis. */
export const tick = (quantity: Quantity, value: number): string => formatY(value, inPercent(quantity) ? 'fraction' : '')
