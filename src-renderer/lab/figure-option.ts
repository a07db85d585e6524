import { numberOf, type Cell, type LabTable } from '../../src-main/contract/lab.js'
import type { EChartsOption } from '../charts/echarts.js'
import { chartTheme, lineStyle, tooltipStyle, type ChartTheme, type LineStyle } from '../charts/palette.js'
import { escapeHtml } from '../ui/escape-html.js'
import { formatValue } from '../ui/format.js'
import { frame, ONE_LINE, valueText } from './figure-frame.js'
import { heatmapOption } from './heat-option.js'
import { axisOption, placesOption, squareRange, within } from './axis-option.js'
import { acrossOf, commonLabel, curvesOf, labelOf, valuesOf, zeroEdge, type Curve, type Plot } from './curves.js'

/** Up to this number of colour values, points have a legend; otherwise they have a colour scale. */
const MOST_COLOURS = 8

/** How the i-th curve of a figure is drawn. */
export type CurveStyle = (i: number, dark: boolean) => LineStyle

/** What a figure shares with the figures beside it. */
export interface Shared {
  /** The style of its curves or groups of points; if it is given, points have no colour scale. */
  style?: CurveStyle | undefined
  /** Additional values covered by the colour scale of a heat map. */
  scale?: readonly Cell[] | undefined
}

/** The ECharts option of a figure of a diagnostic. Pure. */
export function figureOption(figure: Plot, table: LabTable, dark: boolean, { style, scale = [] }: Shared = {}): EChartsOption {
  const theme = chartTheme(dark)
  if (figure.kind === 'line') return lineOption(figure, table, theme, (i) => (style ?? lineStyle)(i, dark))
  if (figure.kind === 'scatter') return scatterOption(figure, table, theme, dark, style)
  return heatmapOption(figure, table, dark, scale)
}

function lineOption(
  figure: Extract<Plot, { kind: 'line' }>,
  table: LabTable,
  theme: ChartTheme,
  style: (i: number) => LineStyle,
): EChartsOption {
  const curves = curvesOf(figure, table)
  const edge = zeroEdge(curves)
  return {
    ...frame(theme, curves.length),
    tooltip: {
      trigger: 'axis',
      ...tooltipStyle(theme),
      valueFormatter: (value) => (edge !== null && value === edge ? '0' : valueText(value as number | null, figure.yAxis)),
    },
    xAxis: placesOption(figure.xAxis, theme, acrossOf(figure, curves)),
    yAxis: {
      ...axisOption({ ...figure.yAxis, label: commonLabel(figure.y.map((key) => labelOf(table, key))) }, theme, false),
      ...(edge === null ? {} : { min: edge }),
    },
    series: [
      // Named like their curve, so that both share one legend entry.
      ...curves.flatMap(({ name, zeros }, i) =>
        zeros
          ? [
              {
                type: 'scatter' as const,
                name,
                data: zeros.map((x) => [x, edge]),
                symbol: 'triangle',
                symbolRotate: 180,
                symbolSize: 9,
                itemStyle: { color: style(i).color },
              },
            ]
          : [],
      ),
      ...curves.map(({ name, points, loose = false }, i) => {
        const { color, dash } = style(i)
        return {
          type: 'line' as const,
          name,
          data: points,
          symbol: loose ? 'diamond' : 'circle',
          symbolSize: loose ? 10 : 5,
          showSymbol: loose || points.length <= 60,
          lineStyle: { color, width: loose ? 0 : 1.6, type: dash.length ? dash : ('solid' as const) },
          itemStyle: { color },
          ...(i === 0 && figure.marks.length > 0
            ? {
                markLine: {
                  silent: true,
                  symbol: 'none',
                  lineStyle: { color: theme.faint, type: 'dashed' as const },
                  label: { color: theme.text, fontSize: 11, position: 'insideEndTop' as const, formatter: '{b}' },
                  data: figure.marks.map(({ axis, value, label }) => ({ name: label, [axis === 'x' ? 'xAxis' : 'yAxis']: value })),
                },
              }
            : {}),
        }
      }),
      ...curves.flatMap((curve, i) => barsOf(curve, style(i).color)),
    ],
  }
}

/**
 * The error bars of a curve as short lines in a series of the same name, so that the legend hides both together, and every export contains
 * them.
 */
function barsOf({ name, points, bars = [] }: Curve, color: string) {
  const lines = bars.flatMap((bar, at) => {
    const x = points[at]![0]
    return bar === null || x === null ? [] : [...bar.map((end) => [x, end]), [null, null]]
  })
  if (lines.length === 0) return []
  return [
    {
      type: 'line' as const,
      name,
      data: lines,
      symbol: 'rect',
      symbolSize: [9, 1.5],
      silent: true,
      tooltip: { show: false },
      lineStyle: { color, width: 1.2 },
      itemStyle: { color },
    },
  ]
}

function scatterOption(
  figure: Extract<Plot, { kind: 'scatter' }>,
  table: LabTable,
  theme: ChartTheme,
  dark: boolean,
  style?: CurveStyle,
): EChartsOption {
  const { by, regions, equal } = figure
  const steps = by === null ? [] : valuesOf(table, by).map(numberOf)
  const scaled = !style && by !== null && steps.every(Number.isFinite) && new Set(steps).size > MOST_COLOURS
  const whole = scaled ? { ...figure, by: null } : figure
  const curves = curvesOf(whole, table)
  const all = [...curves.flatMap(({ points }) => points), ...regions.flatMap(({ points }) => points)]
  const range = equal ? squareRange(all) : null
  return {
    ...frame(theme, scaled ? ONE_LINE + 1 : curves.length + regions.length),
    tooltip: {
      ...tooltipStyle(theme),
      formatter: (point) => {
        const { value, seriesName = '' } = (Array.isArray(point) ? point[0]! : point) as { value: (number | null)[]; seriesName?: string }
        const at = `${formatValue(value[0], 4)}, ${formatValue(value[1], 4)}`
        return scaled ? `${escapeHtml(labelOf(table, by))} ${formatValue(value[2], 3)}<br>${at}` : `${escapeHtml(seriesName)}<br>${at}`
      },
    },
    ...(scaled
      ? {
          visualMap: {
            type: 'continuous' as const,
            dimension: 2,
            min: Math.min(...steps),
            max: Math.max(...steps),
            seriesIndex: 0,
            calculable: false,
            orient: 'horizontal' as const,
            left: 8,
            top: 24,
            itemHeight: 100,
            itemWidth: 10,
            text: [`${labelOf(table, by)} ${Math.max(...steps)}`, String(Math.min(...steps))],
            textStyle: { color: theme.faint, fontSize: 11 },
            inRange: { color: [lineStyle(0, dark).color, lineStyle(1, dark).color] },
          },
        }
      : {}),
    xAxis: within(placesOption(figure.xAxis, theme, acrossOf(figure, curves)), range?.x),
    yAxis: within(axisOption(figure.yAxis, theme, false), range?.y),
    series: [
      ...curves.map(({ name, points }, i) => ({
        type: 'scatter' as const,
        name,
        data: scaled ? points.map(([x, y], row) => [x, y, steps[row]!]) : points,
        symbolSize: 6,
        itemStyle: scaled ? {} : { color: (style ?? lineStyle)(i, dark).color },
      })),
      ...regions.map(({ label, points }) => ({
        type: 'line' as const,
        name: label,
        data: points.length > 2 ? [...points, points[0]!] : points,
        symbol: 'none',
        silent: true,
        lineStyle: { color: theme.error, width: 1.4, type: 'dashed' as const },
        itemStyle: { color: theme.error },
      })),
    ],
  }
}
