import { chartTheme, lineStyle } from '../charts/palette.js'
import { FONT } from '../charts/frame-option.js'
import type { EChartsOption } from '../charts/echarts.js'
import { metricLabel } from '../charts/sections.js'
import { formatValue } from '../format.js'
import { differences } from './configs.js'
import { figureColumns, figuresOf } from './figures.js'
import type { Picture } from '../export/chart-image.js'
import type { ComparedRun } from './compared-runs.js'
import type { RunInfo } from './groups.js'

/** Something that is known of every run as a number or a word: a hyperparameter that differs, or what came out. */
export interface Quantity {
  id: string
  label: string
  logarithmic: boolean
  /** By run, in their order; null where it is not known. */
  values: (number | string | null)[]
}

/** Hyperparameters that differ between the runs, then the final and best value of each metric. */
export function quantitiesOf(runs: readonly RunInfo[], compared: ReadonlyMap<string, ComparedRun>, metrics: readonly string[]): Quantity[] {
  const known = runs.filter(({ config }) => config !== null)
  const rows = known.length > 1 ? differences(known.map(({ config }) => config!)) : []
  const inputs = rows.map(({ path, values }): Quantity => {
    const byRun = new Map(known.map(({ id }, i) => [id, values[i] ?? null]))
    const cells = runs.map(({ id }) => {
      const value = byRun.get(id) ?? null
      return typeof value === 'boolean' ? String(value) : value
    })
    return { id: path, label: path, logarithmic: spansDecades(cells), values: cells }
  })
  const outcomes = figureColumns(metrics).map(({ key, kind }): Quantity => {
    const values = runs.map(({ id }) => {
      const value = figuresOf(key, compared.get(id)?.series.series.get(key))[kind]
      return Number.isFinite(value) ? value : null
    })
    return { id: `${key} ${kind}`, label: `${metricLabel(key)}, ${kind}`, logarithmic: false, values }
  })
  return [...inputs, ...outcomes].filter(({ values }) => values.some((value) => value !== null))
}

function spansDecades(values: readonly unknown[]): boolean {
  const numbers = values.filter((value): value is number => typeof value === 'number')
  return numbers.length > 2 && Math.min(...numbers) > 0 && Math.max(...numbers) / Math.min(...numbers) >= 100
}

/** A value of a quantity as people read it. */
export const shown = (value: unknown): string =>
  typeof value === 'number' && !Number.isInteger(value) ? formatValue(value) : String(value ?? '–')

const SLANT = 24
const LONGEST_NAME = 190
/** Pixels to the right of an axis that its slanted name and its values take, at about 6.5 a letter. */
const roomOfName = (name: string): number =>
  Math.max(110, Math.ceil(Math.min(LONGEST_NAME, 6.5 * name.length) * Math.cos((SLANT * Math.PI) / 180)) + 16)

/** Each run as a line across all quantities. Pure. */
export function parallelOption(runs: readonly RunInfo[], quantities: readonly Quantity[], dark: boolean): EChartsOption {
  const theme = chartTheme(dark)
  return {
    animation: false,
    textStyle: { fontFamily: FONT },
    parallel: { left: 60, right: roomOfName(quantities.at(-1)?.label ?? ''), top: 112, bottom: 24 },
    parallelAxis: quantities.map(({ label, values, logarithmic }, dim) => {
      const words = values.some((value) => typeof value === 'string')
      return {
        dim,
        name: label,
        // Slanted, so that the names of many axes do not lie over each other.
        nameTextStyle: { color: theme.text, fontSize: 11, align: 'left' as const, verticalAlign: 'bottom' as const },
        nameRotate: SLANT,
        nameTruncate: { maxWidth: LONGEST_NAME },
        type: words ? ('category' as const) : logarithmic ? ('log' as const) : ('value' as const),
        ...(words ? { data: [...new Set(values.map((value) => String(value ?? '–')))] } : { scale: true }),
        axisLabel: { color: theme.faint, fontSize: 11, formatter: (value: unknown) => shown(value) },
        axisLine: { lineStyle: { color: theme.faint } },
      }
    }),
    series: runs.map((run, i) => ({
      type: 'parallel' as const,
      name: run.name,
      lineStyle: { color: lineStyle(i, dark).color, width: 2, opacity: 0.8, type: dashOf(i, dark) },
      data: [
        quantities.map(
          ({ values }) => (values.some((v) => typeof v === 'string') ? String(values[i] ?? '–') : (values[i] ?? NaN)) as number,
        ),
      ],
    })),
  }
}

const dashOf = (i: number, dark: boolean): number[] | 'solid' => {
  const { dash } = lineStyle(i, dark)
  return dash.length > 0 ? dash : 'solid'
}

/** Each run as a point over two quantities that are numbers. Pure. */
export function scatterOption(runs: readonly RunInfo[], x: Quantity, y: Quantity, dark: boolean): EChartsOption {
  const theme = chartTheme(dark)
  const axis = (quantity: Quantity) => ({
    type: quantity.logarithmic ? ('log' as const) : ('value' as const),
    scale: true,
    name: quantity.label,
    nameLocation: 'middle' as const,
    nameGap: 30,
    nameTextStyle: { color: theme.faint },
    axisLabel: { color: theme.faint, fontSize: 11, formatter: (value: number) => shown(value) },
    splitLine: { lineStyle: { color: theme.grid } },
  })
  return {
    animation: false,
    textStyle: { fontFamily: FONT },
    grid: { left: 70, right: runs.length <= 12 ? 170 : 30, top: 20, bottom: 50 },
    xAxis: axis(x),
    yAxis: { ...axis(y), nameGap: 50 },
    series: runs.map((run, i) => ({
      type: 'scatter' as const,
      name: run.name,
      symbolSize: 11,
      symbol: ['circle', 'rect', 'triangle', 'diamond', 'pin', 'arrow', 'roundRect'][i % 7],
      itemStyle: { color: lineStyle(i, dark).color },
      label: { show: runs.length <= 12, formatter: run.name, position: 'right' as const, color: theme.text, fontSize: 11 },
      data: typeof x.values[i] === 'number' && typeof y.values[i] === 'number' ? [[x.values[i], y.values[i]]] : [],
    })),
  }
}

/** The chart of relations with a title, a legend of the runs and the light ground of paper, and the height that this takes. Pure. */
export function relationPicture(option: EChartsOption, title: string, runs: readonly RunInfo[]): Picture {
  const width = 960
  const letters = runs.reduce((sum, { name }) => sum + 6.5 * Math.min(60, name.length) + 50, 0)
  const foot = 22 * (1 + Math.ceil(letters / (width - 200)))
  const lower = (box: unknown) => {
    const { top, bottom, ...rest } = box as { top: number; bottom: number }
    return { ...rest, top: top + 28, bottom: bottom + foot }
  }
  return {
    option: {
      ...option,
      ...('parallel' in option ? { parallel: lower(option.parallel) } : { grid: lower(option.grid) }),
      backgroundColor: '#ffffff',
      title: { text: title, left: 12, top: 8, textStyle: { fontSize: 14 } },
      legend: { type: 'plain', left: 12, right: 12, bottom: 4, itemWidth: 22, itemHeight: 8, textStyle: { fontSize: 11 } },
    },
    width,
    height: 428 + foot,
  }
}
