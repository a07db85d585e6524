import type { ChartModel } from '../chart-model.js'
import type { EChartsOption } from '../echarts.js'
import { drawLines } from '../draw.js'
import { frameOption } from '../frame-option.js'
import { marksOf } from '../marks.js'
import { chartTheme } from '../palette.js'
import { FEW } from '../strokes.js'
import { ShapePen, type ShapeGroup } from './shape-pen.js'

export interface ImageSize {
  width: number
  height: number
}

/** Up to this number of lines the legend is below the chart; longer legends are a column beside it. */
const BELOW = 6

/** Sizes in an entry of the legend: the sample before the name with its gaps, the maximum width of a letter, and the height of a row. */
const [SIGN, LETTER, ROW] = [60, 7, 22]
const MARGIN = 12

interface Layout extends ImageSize {
  beside: boolean
  /** The width of the legend beside the chart, or its height below it. */
  legend: number
}

/** A size that is large enough for a page and for a legend with unabbreviated names. */
function layoutOf({ lines }: ChartModel): Layout {
  const widths = lines.map(({ label }) => SIGN + LETTER * label.length)
  const widest = Math.max(0, ...widths) + MARGIN
  if (lines.length > BELOW) return { beside: true, legend: widest, width: 780 + widest, height: Math.max(480, 70 + ROW * lines.length) }
  const width = Math.max(800, widest + MARGIN)
  let [rows, taken] = [1, 0]
  for (const entry of widths) {
    if (taken > 0 && taken + entry > width - 2 * MARGIN) [rows, taken] = [rows + 1, 0]
    taken += entry
  }
  return { beside: false, legend: ROW * rows, width, height: 460 + ROW * rows }
}

export function imageSize(model: ChartModel): ImageSize {
  const { width, height } = layoutOf(model)
  return { width, height }
}

/** Explains the marks in a chart, for readers of the picture. */
function explained(model: ChartModel): string {
  const kinds = new Set(marksOf(model, (x) => x).map(({ kind }) => kind))
  return [
    ...(kinds.has('nothing') ? ['crosses: NaN or infinite values'] : []),
    ...(kinds.has('above') || kinds.has('below') ? ['triangles: outside the axis range'] : []),
  ].join('; ')
}

interface Placed {
  coordSys: { x: number; y: number; width: number; height: number }
}

/** The lines of a chart with all marks, drawn as on the screen. */
function drawn(model: ChartModel, { x, y, width, height }: Placed['coordSys']): { type: 'group'; children: ShapeGroup[] } {
  const pen = new ShapePen()
  drawLines(pen, model, { left: x, top: y, width, height }, 1, false)
  return { type: 'group', children: pen.groups.filter(({ children }) => children.length > 0) }
}

/** A complete chart with title, lines and legend as an ECharts option, from which PNG, SVG and PDF are made. Pure. */
export function imageOption(model: ChartModel): EChartsOption {
  const theme = chartTheme(model.dark)
  const { beside, legend } = layoutOf(model)
  const frame = frameOption(model) as EChartsOption & { series: object[]; xAxis: object; yAxis: object; grid: { left: number } }
  // Empty series for the legend; the lines themselves are drawn by the other series.
  const named = model.lines.map(({ key, label, main, style }) => ({
    id: key,
    type: 'line' as const,
    name: label,
    data: [],
    silent: true,
    symbol: main.points.length <= 2 * FEW ? 'circle' : 'none',
    symbolSize: 5,
    itemStyle: { color: style.color },
    lineStyle: { color: style.color, width: 1.8, type: style.dash.length > 0 ? style.dash : ('solid' as const) },
  }))
  return {
    ...frame,
    backgroundColor: theme.surface,
    title: {
      text: model.title,
      subtext: explained(model),
      left: 12,
      top: 8,
      itemGap: 8,
      textStyle: { color: theme.text, fontSize: 15, fontWeight: 'bold' },
      subtextStyle: { color: theme.faint, fontSize: 11 },
    },
    legend: {
      data: model.lines.map(({ label }) => label),
      textStyle: { color: theme.text, fontSize: 12 },
      itemWidth: 34,
      ...(beside ? { orient: 'vertical' as const, right: MARGIN, top: 40 } : { bottom: 6, left: 'center' }),
    },
    grid: {
      ...frame.grid,
      left: frame.grid.left + MARGIN,
      right: beside ? legend + MARGIN : 24,
      top: 60,
      bottom: beside ? 36 : 42 + legend,
    },
    series: [
      {
        id: 'lines',
        type: 'custom' as const,
        silent: true,
        z: 3,
        data: [[model.from, model.y?.min ?? 0]],
        renderItem: (params: unknown) => drawn(model, (params as Placed).coordSys),
      },
      ...named,
      ...frame.series,
    ] as EChartsOption['series'],
  }
}
