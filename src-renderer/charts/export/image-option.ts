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

/** Of an entry of the legend: the sign before the name with the gaps around it, and a letter of the name, at most. */
const [SIGN, LETTER, ROW] = [60, 7, 22]
const MARGIN = 12

interface Layout extends ImageSize {
  beside: boolean
  /** What the legend takes of the width beside the chart, or of the height below it. */
  legend: number
}

/** Large enough for a page, and for a legend that shows every name whole. */
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

/** What the marks on a chart mean, for a reader who has no legend of them. */
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

/** The lines of a chart with everything that marks them, drawn as on the screen. */
function drawn(model: ChartModel, { x, y, width, height }: Placed['coordSys']): { type: 'group'; children: ShapeGroup[] } {
  const pen = new ShapePen()
  drawLines(pen, model, { left: x, top: y, width, height }, 1, false)
  return { type: 'group', children: pen.groups.filter(({ children }) => children.length > 0) }
}

/** A whole chart with its title, lines and legend as an ECharts option: what PNG, SVG and PDF are made from. Pure. */
export function imageOption(model: ChartModel): EChartsOption {
  const theme = chartTheme(model.dark)
  const { beside, legend } = layoutOf(model)
  const frame = frameOption(model) as EChartsOption & { series: object[]; xAxis: object; yAxis: object; grid: { left: number } }
  // Empty, for the legend; what it names is drawn by the other series.
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
