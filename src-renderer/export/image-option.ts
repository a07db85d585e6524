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

/** Large enough for a page, and for a legend that shows every line. */
export function imageSize({ lines }: ChartModel): ImageSize {
  return lines.length > BELOW ? { width: 1100, height: Math.max(480, 70 + 18 * lines.length) } : { width: 800, height: 480 }
}

const pairs = ({ points }: Reduced): [number, number][] =>
  Array.from({ length: points.length / 2 }, (_, i) => [points[2 * i] as number, points[2 * i + 1] as number])

/** A whole chart with its title, lines and legend as an ECharts option: what PNG, SVG and PDF are made from. Pure. */
export function imageOption(model: ChartModel, title: string): EChartsOption {
  const theme = chartTheme(model.dark)
  const beside = model.lines.length > BELOW
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
      ...(beside ? { orient: 'vertical' as const, right: 12, top: 40 } : { bottom: 6, left: 'center' }),
    },
    grid: {
      left: 16,
      right: beside ? 320 : 24,
      top: 46,
      bottom: beside ? 36 : 66,
      outerBoundsMode: 'same',
      outerBoundsContain: 'axisLabel',
    },
    series: [...bands, ...lines, ...frame.series] as EChartsOption['series'],
  }
}
