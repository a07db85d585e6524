import type { EChartsOption } from '../charts/echarts.js'
import { chartTheme, lineStyle } from '../charts/palette.js'

export interface PointCloudInput {
  points: readonly { x: number; y: number; label: number }[]
  classNames: readonly string[]
  dark: boolean
}

/** The limits of both axes: of equal length, so that in a square plot a unit is equally long on both. */
function squareAround(points: PointCloudInput['points']): { x: Ends; y: Ends } {
  const [xs, ys] = [endsOf(points.map(({ x }) => x)), endsOf(points.map(({ y }) => y))]
  const half = 0.55 * Math.max(xs.max - xs.min, ys.max - ys.min, Number.MIN_VALUE)
  const around = ({ min, max }: Ends): Ends => ({ min: (min + max) / 2 - half, max: (min + max) / 2 + half })
  return { x: around(xs), y: around(ys) }
}
interface Ends {
  min: number
  max: number
}
function endsOf(values: readonly number[]): Ends {
  const ends = { min: Infinity, max: -Infinity }
  for (const value of values) {
    ends.min = Math.min(ends.min, value)
    ends.max = Math.max(ends.max, value)
  }
  return values.length > 0 ? ends : { min: -1, max: 1 }
}

/** The ECharts option of points in the plane, with a colour and a shape per class, for a square element. Pure. */
export function pointCloudOption({ points, classNames, dark }: PointCloudInput): EChartsOption {
  const theme = chartTheme(dark)
  const shapes = ['circle', 'diamond', 'triangle', 'rect']
  const ends = squareAround(points)
  const axis = (name: 'x' | 'y') => ({
    type: 'value' as const,
    name,
    nameLocation: 'middle' as const,
    nameGap: 24,
    nameTextStyle: { color: theme.faint, fontSize: 11 },
    ...ends[name],
    axisLabel: { color: theme.faint, fontSize: 11, showMinLabel: false, showMaxLabel: false },
    axisLine: { onZero: false, lineStyle: { color: theme.grid } },
    axisTick: { show: false },
    splitLine: { lineStyle: { color: theme.grid } },
  })
  return {
    animation: false,
    grid: { left: 46, right: 20, top: 30, bottom: 36 },
    legend: { top: 0, right: 8, itemWidth: 10, itemHeight: 10, textStyle: { color: theme.text, fontSize: 12 } },
    xAxis: axis('x'),
    yAxis: axis('y'),
    series: classNames.map((name, label) => ({
      type: 'scatter' as const,
      id: String(label),
      name,
      symbol: shapes[label % shapes.length]!,
      symbolSize: 4,
      large: points.length > 5000,
      itemStyle: { color: lineStyle(label, dark).color, opacity: 0.8 },
      data: points.filter((point) => point.label === label).map(({ x, y }) => [x, y]),
    })),
  }
}
