import type { ConfusionCell } from '../../../src-main/contract/evaluations.js'
import { FONT } from '../../charts/frame-option.js'
import { chartTheme, heatColours, tooltipStyle } from '../../charts/palette.js'
import { formatCount, formatPercent } from '../../ui/format.js'
import { classCount, classNamer, denseMatrix, largestError } from './confusion.js'
import type { EChartsOption } from '../../charts/echarts.js'
import { escapeHtml } from '../../ui/escape-html.js'

/**
 * The ECharts option of a confusion matrix with many classes: one square per pair, coloured by its fraction of the row, on a scale of the
 * errors. Pure.
 */
export function heatmapOption(cells: readonly ConfusionCell[], names: readonly string[], dark: boolean): EChartsOption {
  const theme = chartTheme(dark)
  const classes = classCount(cells, names)
  const named = classNamer(names)
  const labels = Array.from({ length: classes }, (_, label) => named(label))
  const matrix = denseMatrix(cells, classes)
  const most = largestError(matrix)
  const axis = (name: string, nameLocation: 'middle', nameGap: number) => ({
    type: 'category' as const,
    data: labels,
    name,
    nameLocation,
    nameGap,
    nameTextStyle: { color: theme.text, fontSize: 12 },
    axisTick: { show: false },
    axisLine: { lineStyle: { color: theme.faint } },
    axisLabel: { color: theme.faint, fontSize: 10, hideOverlap: true, width: 80, overflow: 'truncate' as const },
    splitArea: { show: false },
  })
  return {
    animation: false,
    textStyle: { fontFamily: FONT },
    grid: { left: 110, right: 24, top: 12, bottom: 84 },
    xAxis: { ...axis('Predicted class', 'middle', 34), axisLabel: { color: theme.faint, fontSize: 10, hideOverlap: true } },
    yAxis: { ...axis('True class', 'middle', 92), inverse: true },
    visualMap: {
      type: 'continuous',
      min: 0,
      max: most || 1,
      // The diagonal has a colour of its own.
      seriesIndex: 0,
      calculable: false,
      orient: 'horizontal',
      left: 'center',
      bottom: 0,
      itemHeight: 160,
      itemWidth: 10,
      text: [`${formatPercent(most)} of the true class, of errors`, '0%'],
      textStyle: { color: theme.faint, fontSize: 11 },
      inRange: { color: heatColours(dark) },
    },
    tooltip: {
      ...tooltipStyle(theme),
      formatter: (point) => {
        const [predicted, label] = (Array.isArray(point) ? point[0]! : point).value as [number, number]
        const { count, share } = matrix[label]![predicted]!
        return `${formatCount(count)} of class ${escapeHtml(named(label))} predicted as ${escapeHtml(named(predicted))} (${formatPercent(share)})`
      },
    },
    series: [
      {
        type: 'heatmap',
        data: cells.flatMap(([label, predicted]) => (label === predicted ? [] : [[predicted, label, matrix[label]![predicted]!.share]])),
        progressive: 0,
        emphasis: { itemStyle: { borderColor: theme.text, borderWidth: 1 } },
      },
      {
        type: 'heatmap',
        name: 'correct',
        data: cells.flatMap(([label, predicted]) => (label === predicted ? [[predicted, label, matrix[label]![predicted]!.share]] : [])),
        progressive: 0,
        itemStyle: { color: theme.grid },
        emphasis: { itemStyle: { borderColor: theme.text, borderWidth: 1 } },
      },
    ],
  }
}
