import type { EChartsOption } from './echarts.js'
import { formatCount, formatMetric, formatValue } from '../format.js'
import type { SeriesBuffer } from '../series/series-buffer.js'
import { chartTheme, lineStyle } from './palette.js'
import { movingAverage, reduceToColumns } from './reduce.js'

export interface ChartLine {
  key: string
  label: string
  buffer: SeriesBuffer
}

export interface SeriesChartInput {
  lines: ChartLine[]
  unit: string
  /** First and last step of the axis. */
  from: number
  to: number
  /** Width of the plot in pixels. */
  columns: number
  dark: boolean
  animate: boolean
  logarithmic: boolean
  /** Points of the moving average; 1 is off. */
  smoothing: number
  /** A horizontal line that means something, such as a tolerance. */
  limit?: { value: number; label: string } | undefined
  stepsPerEpoch: number | null
}

const FEW = 40
/** As in main.css: a canvas inherits no font. */
const FONT = "system-ui, -apple-system, 'Segoe UI', 'Noto Sans', 'DejaVu Sans', 'Liberation Sans', sans-serif"

interface Range {
  min: number
  max: number
  interval?: number
}

/** Whole decades around the values: ECharts gives a single value ten of them. */
function logarithmicRange(low: number, high: number): Range {
  const min = 10 ** Math.floor(Math.log10(low))
  const max = 10 ** Math.ceil(Math.log10(high))
  return { min, max: max > min ? max : 10 * min }
}

/** Up to 1, where an accuracy ends, in even steps; from 0 while there is a single value, which says nothing about a range. */
function fractionRange(low: number, high: number): Range {
  const from = low === high ? 0 : low
  const interval = [0.002, 0.005, 0.01, 0.02, 0.05, 0.1].find((step) => (1 - from) / step <= 5) ?? 0.2
  return { min: Math.floor(from / interval + 1e-9) * interval, max: 1, interval }
}

/** The ends of the axis of values, where ECharts would not choose them well. */
function valueRange(values: number[], unit: string, logarithmic: boolean): Range | null {
  if (values.length === 0) return unit === 'fraction' ? fractionRange(0, 0) : null
  let [low, high] = [Infinity, -Infinity]
  for (const value of values) {
    low = Math.min(low, value)
    high = Math.max(high, value)
  }
  if (logarithmic) return logarithmicRange(low, high)
  return unit === 'fraction' && (high > 0.75 || low === high) && low >= 0 && high <= 1 ? fractionRange(low, high) : null
}

const axisValue = (value: number, unit: string): string =>
  unit === 'fraction' ? `${Number((value * 100).toPrecision(4))}%` : formatTick(value)

function formatTick(value: number): string {
  const size = Math.abs(value)
  if (value === 0) return '0'
  if (size < 1e-3 || size >= 1e6) return value.toExponential(1).replace('.0', '').replace('e+', 'e').replaceAll('-', '−')
  return String(Number(value.toPrecision(6))).replace('-', '−')
}

/** The ECharts option of series over training steps. Pure: the same input gives the same option. */
export function seriesChartOption(input: SeriesChartInput): EChartsOption {
  const { lines, unit, from, to, columns, dark, animate, logarithmic, smoothing, limit, stepsPerEpoch } = input
  const theme = chartTheme(dark)
  const positive = (points: [number, number | null][]): [number, number | null][] =>
    logarithmic ? points.map(([step, value]) => [step, value !== null && value > 0 ? value : null]) : points

  const drawn = lines.map((line, i) => {
    const reduced = reduceToColumns(line.buffer, from, to, columns)
    return { line, reduced, style: lineStyle(i, dark) }
  })

  const shown = drawn.flatMap(({ reduced }) => positive(reduced.line).flatMap(([, value]) => (value === null ? [] : [value])))

  const series = drawn.flatMap(({ line, reduced, style }, i) => {
    const smooth = smoothing > 1 && line.buffer.length > FEW
    const curve = {
      type: 'line' as const,
      name: line.label,
      showSymbol: line.buffer.length <= FEW,
      symbol: 'circle',
      symbolSize: 5,
      itemStyle: { color: style.color },
      emphasis: { disabled: true },
      z: 3,
    }
    return [
      {
        ...curve,
        id: line.key,
        data: positive(reduced.line),
        lineStyle: smooth ? { color: style.color, width: 1, opacity: 0.28 } : { color: style.color, width: 1.6, type: style.dash },
        ...(smooth ? { z: 2, tooltip: { show: false } } : {}),
        ...(i === 0 && limit
          ? {
              markLine: {
                silent: true,
                symbol: 'none',
                animation: false,
                lineStyle: { color: theme.error, type: 'dashed' as const, width: 1 },
                label: { formatter: limit.label, position: 'insideStartTop' as const, color: theme.error, fontSize: 11 },
                data: [{ yAxis: limit.value }],
              },
            }
          : {}),
      },
      ...(smooth
        ? [
            {
              ...curve,
              id: `${line.key}~mean`,
              showSymbol: false,
              data: positive(movingAverage(line.buffer, from, to, columns, smoothing)),
              lineStyle: { color: style.color, width: 2, type: style.dash },
            },
          ]
        : []),
      {
        type: 'scatter' as const,
        id: `${line.key}~nonfinite`,
        name: `${line.label}: not a number`,
        // A value that has no height.
        symbol: 'path://M1 0L5 4L9 0L10 1L6 5L10 9L9 10L5 6L1 10L0 9L4 5L0 1Z',
        symbolSize: 9,
        itemStyle: { color: theme.error },
        yAxisIndex: 1,
        data: reduced.nonFinite.map((step) => [step, 0.02]),
        tooltip: { show: false },
        silent: true,
        z: 5,
      },
    ]
  })

  return {
    animation: animate,
    animationDuration: 150,
    animationDurationUpdate: 0,
    textStyle: { fontFamily: FONT },
    grid: { left: 8, right: 12, top: 14, bottom: 26, outerBoundsMode: 'same', outerBoundsContain: 'axisLabel' },
    tooltip: {
      trigger: 'axis',
      confine: true,
      transitionDuration: 0,
      backgroundColor: theme.surface,
      borderColor: theme.grid,
      textStyle: { color: theme.text, fontSize: 12 },
      axisPointer: { type: 'line', lineStyle: { color: theme.faint, width: 1 }, label: { show: false } },
      formatter: (points: unknown) => tooltip(points, unit, stepsPerEpoch),
    },
    xAxis: {
      type: 'value',
      min: from,
      max: to,
      name: 'step',
      nameLocation: 'middle',
      nameGap: 24,
      nameTextStyle: { color: theme.faint, fontSize: 11 },
      axisLabel: {
        color: theme.faint,
        fontSize: 11,
        hideOverlap: true,
        alignMaxLabel: 'right',
        formatter: (value: number) => formatCount(value),
      },
      axisLine: { lineStyle: { color: theme.grid } },
      axisTick: { show: false },
      splitLine: { show: false },
      splitNumber: 6,
      minInterval: 1,
    },
    yAxis: [
      {
        type: logarithmic ? 'log' : 'value',
        scale: true,
        axisLabel: { color: theme.faint, fontSize: 11, formatter: (value: number) => axisValue(value, unit) },
        axisLine: { show: false },
        axisTick: { show: false },
        splitLine: { lineStyle: { color: theme.grid } },
        splitNumber: 4,
        ...valueRange(shown, unit, logarithmic),
      },
      // For marks on the floor of the plot, whatever the values above it are.
      { type: 'value', min: 0, max: 1, show: false },
    ],
    series,
  }
}

interface TooltipPoint {
  seriesName: string
  marker: string
  value: [number, number | null]
}

const escape = (text: string): string => text.replace(/[&<>"]/g, (char) => `&#${char.charCodeAt(0)};`)

function tooltip(points: unknown, unit: string, stepsPerEpoch: number | null): string {
  const list = (Array.isArray(points) ? points : [points]) as TooltipPoint[]
  const step = list[0]?.value[0]
  if (step === undefined) return ''
  const epoch = stepsPerEpoch ? ` · epoch ${formatValue(step / stepsPerEpoch, 3)}` : ''
  // In a dense chart a column has several points of one line; the last says enough.
  const byName = new Map(list.map((point) => [point.seriesName, point]))
  const rows = [...byName.values()].map(
    ({ seriesName, marker, value }) =>
      `<div style="display:flex;justify-content:space-between;gap:16px"><span>${marker}${escape(seriesName)}</span>` +
      `<b style="font-variant-numeric:tabular-nums">${formatMetric(value[1], unit)}</b></div>`,
  )
  return `<div>step ${formatCount(step)}${epoch}</div>${rows.join('')}`
}
