import type { EChartsOption } from '../charts/echarts.js'
import { FONT } from '../charts/frame-option.js'
import { chartTheme, lineStyle } from '../charts/palette.js'
import type { RunInfo } from './groups.js'
import { relationTooltip } from './relation-tooltip.js'
import { isNumber, tick, type Quantity } from './relations.js'

/** Up to this number of runs, each point is labelled with its name; hovering shows the name of any point. */
const NAMED = 12
/** A second cue besides colour: with seven colours and eight shapes, no two of 56 points look the same. */
const SHAPES: readonly { symbol: string; symbolRotate?: number }[] = [
  { symbol: 'circle' },
  { symbol: 'rect' },
  { symbol: 'triangle' },
  { symbol: 'diamond' },
  { symbol: 'triangle', symbolRotate: 180 },
  { symbol: 'path://M4 0h4v4h4v4H8v4H4V8H0V4h4z' },
  { symbol: 'path://M6 0l1.8 4.2L12 4.6 8.9 7.6l.9 4.4L6 9.7 2.2 12l.9-4.4L0 4.6l4.2-.4z' },
  { symbol: 'emptyCircle' },
]

interface Look {
  dark: boolean
  /** Indices of the runs that are not faint; null: all. */
  kept: ReadonlySet<number> | null
  logX: boolean
  logY: boolean
}

/** Whether a logarithmic axis can show every known value. */
export const canBeLogarithmic = ({ values }: Quantity): boolean => values.filter(isNumber).every((value) => value > 0)

/** Each run as a point over two numeric quantities. Pure. */
export function scatterOption(runs: readonly RunInfo[], x: Quantity, y: Quantity, { dark, kept, logX, logY }: Look): EChartsOption {
  const theme = chartTheme(dark)
  const axis = (quantity: Quantity, logarithmic: boolean) => ({
    type: logarithmic ? ('log' as const) : ('value' as const),
    scale: true,
    name: quantity.title,
    nameLocation: 'middle' as const,
    nameTextStyle: { color: theme.text, fontSize: 12 },
    axisLine: { show: true, onZero: false, lineStyle: { color: theme.faint } },
    axisLabel: { color: theme.faint, fontSize: 11, hideOverlap: true, formatter: (value: number) => tick(quantity, value) },
    splitLine: { lineStyle: { color: theme.grid } },
    ...(quantity.values.every((value) => value === null || Number.isInteger(value)) && !logarithmic ? { minInterval: 1 } : {}),
  })
  const named = (kept?.size ?? runs.length) <= NAMED
  return {
    animation: false,
    textStyle: { fontFamily: FONT },
    grid: { left: 70, right: 40, top: 24, bottom: 50 },
    tooltip: relationTooltip(runs, [y, x], theme),
    xAxis: { ...axis(x, logX), nameGap: 30, boundaryGap: ['8%', '8%'] },
    yAxis: { ...axis(y, logY), nameGap: 50, boundaryGap: ['8%', '8%'] },
    series: runs.map((run, i) => {
      const faint = kept !== null && !kept.has(i)
      const [a, b] = [x.values[i], y.values[i]]
      const visible = isNumber(a) && isNumber(b) && (!logX || a > 0) && (!logY || b > 0)
      return {
        id: run.id,
        type: 'scatter' as const,
        name: run.name,
        symbolSize: 12,
        ...SHAPES[i % SHAPES.length],
        itemStyle: { color: lineStyle(i, dark).color, opacity: faint ? 0.15 : 1 },
        emphasis: { scale: 1.4 },
        label: {
          show: named && !faint,
          formatter: run.name,
          position: 'top' as const,
          color: theme.text,
          fontSize: 11,
          width: 120,
          overflow: 'truncate' as const,
        },
        labelLayout: { hideOverlap: true, moveOverlap: 'shiftY' as const },
        silent: faint,
        z: faint ? 2 : 3,
        data: visible ? [[a, b]] : [],
      }
    }),
  }
}
