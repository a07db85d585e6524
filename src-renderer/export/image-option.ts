import type { ChartModel } from '../charts/chart-model.js'
import type { EChartsOption } from '../charts/echarts.js'
import { frameOption } from '../charts/frame-option.js'
import { chartTheme } from '../charts/palette.js'
import type { Reduced } from '../charts/reduce.js'

export interface ImageSize {
  width: number
  height: number
}

/** Lines up to which the legend stands below the chart; more stand beside it, one under the other. */
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

const pairs = ({ points }: Reduced): [number, number][] =>
  Array.from({ length: points.length / 2 }, (_, i) => [points[2 * i] as number, points[2 * i + 1] as number])

/** A whole chart with its title, lines and legend as an ECharts option: what PNG, SVG and PDF are made from. Pure. */
export function imageOption(model: ChartModel, title: string): EChartsOption {
  const theme = chartTheme(model.dark)
  const { beside, legend } = layoutOf(model)
  const frame = frameOption(model) as EChartsOption & { series: object[]; xAxis: object; yAxis: object }
  const colour = (dash: number[]): number[] | 'solid' => (dash.length > 0 ? dash : 'solid')
  const bands = model.lines.flatMap(({ key, band, style }) =>
    band
      ? [
          {
            id: `${key}~band`,
            type: 'custom' as const,
            silent: true,
            clip: true,
            z: 1,
            data: [0],
            renderItem: (_: unknown, api: { coord(value: number[]): number[] }) => ({
              type: 'polygon' as const,
              shape: {
                points: [...pairs(band.high), ...pairs(band.low).reverse()]
                  .filter(([, y]) => Number.isFinite(y))
                  .map((pair) => api.coord(pair)),
              },
              style: { fill: style.color, opacity: 0.16 },
            }),
          },
        ]
      : [],
  )
  const line = (reduced: Reduced) => ({ type: 'line' as const, data: pairs(reduced), showSymbol: false, silent: true, clip: true })
  const lines = model.lines.flatMap(({ key, label, main, raw, style }) => [
    ...(raw ? [{ ...line(raw), id: `${key}~raw`, lineStyle: { color: style.color, width: 1, opacity: 0.28 }, z: 2 }] : []),
    {
      ...line(main),
      id: key,
      name: label,
      showSymbol: main.points.length <= 80,
      symbol: 'circle',
      symbolSize: 5,
      itemStyle: { color: style.color },
      lineStyle: { color: style.color, width: 1.8, type: colour(style.dash) },
      z: 3,
    },
  ])
  return {
    ...frame,
    backgroundColor: theme.surface,
    title: { text: title, left: 12, top: 8, textStyle: { color: theme.text, fontSize: 15, fontWeight: 'bold' } },
    legend: {
      data: model.lines.map(({ label }) => label),
      textStyle: { color: theme.text, fontSize: 12 },
      itemWidth: 34,
      ...(beside ? { orient: 'vertical' as const, right: MARGIN, top: 40 } : { bottom: 6, left: 'center' }),
    },
    grid: {
      left: 16,
      right: beside ? legend + MARGIN : 24,
      top: 46,
      bottom: beside ? 36 : 42 + legend,
      outerBoundsMode: 'same',
      outerBoundsContain: 'axisLabel',
    },
    series: [...bands, ...lines, ...frame.series] as EChartsOption['series'],
  }
}
