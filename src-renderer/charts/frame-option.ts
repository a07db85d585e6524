import { formatCount } from '../ui/format.js'
import { axisTitle } from './axis-title.js'
import type { ChartModel } from './chart-model.js'
import type { EChartsOption } from './echarts.js'
import { chartTheme } from './palette.js'
import { labelledReferences } from './references.js'
import { isTime, xAxisLabel, type XAxisKind } from './x-axis.js'

/** As in main.css, because a canvas does not inherit fonts. */
export const FONT = "system-ui, -apple-system, 'Segoe UI', 'Noto Sans', 'DejaVu Sans', 'Liberation Sans', sans-serif"

/** A value in the unit of its axis. */
const inUnit = (value: number, unit: string): number => (unit === 'fraction' ? Number((value * 100).toPrecision(4)) : value)

export const formatY = (value: number, unit: string): string =>
  unit === 'fraction' ? `${Number((value * 100).toPrecision(4))}%` : formatTick(value)

function formatTick(value: number): string {
  const size = Math.abs(value)
  if (value === 0) return '0'
  if (size < 1e-3 || size >= 1e6) return value.toExponential(1).replace('.0', '').replace('e+', 'e').replaceAll('-', '−')
  // More digits than a number is usually read with, because cosines close to 1 differ in the eighth.
  return String(Number(value.toPrecision(10))).replace('-', '−')
}

function formatXTick(kind: XAxisKind, x: number, { seconds }: TimeUnit): string {
  if (isTime(kind)) return formatTick(x / seconds)
  return Number.isInteger(x) ? formatCount(x) : formatTick(x)
}

interface TimeUnit {
  name: string
  seconds: number
}
const SECOND: TimeUnit = { name: 's', seconds: 1 }

/** The largest unit of which the tick interval is at least one. */
const timeUnit = (interval: number): TimeUnit =>
  [
    { name: 'd', seconds: 86_400 },
    { name: 'h', seconds: 3600 },
    { name: 'min', seconds: 60 },
  ].find(({ seconds }) => interval >= seconds) ?? SECOND

/** Round intervals of time are not powers of ten. */
function timeInterval(span: number): number {
  const steps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400]
  return steps.find((step) => span / step <= 6) ?? Math.ceil(span / 6 / 86_400) * 86_400
}

/** A longer title, such as that of a formula, would be cut off at both ends of the axis; the head of the chart has it in full. */
const LONGEST_NAME = 36
const shortened = (title: string): string => (title.length > LONGEST_NAME ? `${title.slice(0, LONGEST_NAME - 1)}…` : title)

/** Everything around the lines of a chart, that is axes, grid and reference lines, as an ECharts option. Pure. */
export function frameOption(model: ChartModel): EChartsOption {
  const { title, unit, xAxis, from, to, dark, logarithmic, logarithmicX, y, blank } = model
  const theme = chartTheme(dark)
  const interval = isTime(xAxis) && !logarithmicX && to - from > 6 ? timeInterval(to - from) : null
  const time = interval === null ? SECOND : timeUnit(interval)
  return {
    animation: false,
    textStyle: { fontFamily: FONT },
    grid: { left: 22, right: 12, top: 14, bottom: 26, outerBoundsMode: 'same', outerBoundsContain: 'axisLabel' },
    xAxis: {
      type: logarithmicX ? 'log' : 'value',
      min: from,
      max: to,
      name: xAxisLabel(xAxis, time.name),
      nameLocation: 'middle',
      nameGap: 24,
      nameTextStyle: { color: theme.faint, fontSize: 11 },
      axisLabel: {
        color: theme.faint,
        fontSize: 11,
        hideOverlap: true,
        alignMaxLabel: 'right',
        formatter: (value: number) => formatXTick(xAxis, value, time),
        // The limits of a zoomed range are not round.
        showMinLabel: from === 0,
        ...(Number.isInteger(to) ? {} : { showMaxLabel: false }),
      },
      axisLine: { lineStyle: { color: theme.grid } },
      axisTick: { show: false },
      splitLine: { show: false },
      splitNumber: 6,
      ...(interval === null ? {} : { interval }),
      ...(xAxis === 'step' || xAxis === 'images' ? { minInterval: 1 } : {}),
    },
    yAxis: {
      type: logarithmic ? 'log' : 'value',
      scale: true,
      name: axisTitle(shortened(title), unit),
      nameLocation: 'middle',
      // Placed beside the labels, however wide they are.
      nameGap: 4,
      nameTextStyle: { color: theme.faint, fontSize: 11 },
      axisLabel: { show: !blank, color: theme.faint, fontSize: 11, formatter: (value: number) => formatTick(inUnit(value, unit)) },
      axisLine: { show: false },
      axisTick: { show: false },
      splitLine: { lineStyle: { color: theme.grid } },
      splitNumber: 4,
      ...y,
    },
    series: [
      {
        // Carries the reference lines, and makes the axes appear even without data.
        id: 'frame',
        type: 'line' as const,
        data: [],
        silent: true,
        markLine: {
          silent: true,
          symbol: 'none',
          animation: false,
          data: labelledReferences(model).map(({ value, label, kind }) => ({
            yAxis: value,
            lineStyle: { color: kind === 'limit' ? theme.error : theme.faint, type: 'dashed' as const, width: 1 },
            label: {
              formatter: label,
              position: 'insideStartTop' as const,
              color: kind === 'limit' ? theme.error : theme.faint,
              fontSize: 11,
            },
          })),
        },
      },
    ],
  }
}
