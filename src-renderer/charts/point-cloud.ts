import type { EChartsOption } from './echarts.js'
import { chartTheme, lineStyle } from './palette.js'

export interface PointCloudInput {
  points: readonly { x: number; y: number; label: number }[]
  classNames: readonly string[]
  dark: boolean
}

/** The ECharts option of points in the plane, a colour and a shape a class. Pure. */
export function pointCloudOption({ points, classNames, dark }: PointCloudInput): EChartsOption {
  const theme = chartTheme(dark)
  const shapes = ['circle', 'diamond', 'triangle', 'rect']
  const axis = (name: string) => ({
    type: 'value' as const,
    name,
    nameLocation: 'middle' as const,
    nameGap: 24,
    nameTextStyle: { color: theme.faint, fontSize: 11 },
    scale: true,
    axisLabel: { color: theme.faint, fontSize: 11 },
    splitLine: { lineStyle: { color: theme.grid } },
  })
  return {
    animation: false,
    grid: { left: 40, right: 12, top: 30, bottom: 36 },
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
