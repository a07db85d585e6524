import { FONT, formatY } from '../../charts/frame-option.js'
import { chartTheme, lineStyle, tooltipStyle } from '../../charts/palette.js'
import { formatValue } from '../../ui/format.js'
import type { EChartsOption } from '../../charts/echarts.js'
import { escapeHtml } from '../../ui/escape-html.js'
import { isKernel, type DepthLines } from './norms.js'

/** The ECharts option of a quantity of the weights over depth, with the borders of the stages. Pure. */
export function normsOption({ units, lines }: DepthLines, name: string, logarithmic: boolean, dark: boolean): EChartsOption {
  const theme = chartTheme(dark)
  const stages = [...new Set(units.map(({ stage }) => stage))]
  /** The positions of the first and last unit of a stage, from 1. */
  const ends = (stage: number): [number, number] => [
    units.findIndex((each) => each.stage === stage) + 1,
    units.findLastIndex((each) => each.stage === stage) + 1,
  ]
  const kernels = lines.some(({ role }) => isKernel(role))
  const labelOf = (place: number): string => units[place - 1]?.label ?? ''
  return {
    animation: false,
    textStyle: { fontFamily: FONT },
    grid: { left: 14, right: 20, top: 54, bottom: 26, outerBoundsMode: 'same', outerBoundsContain: 'axisLabel' },
    legend: {
      top: 0,
      right: 8,
      type: 'scroll',
      data: lines.map(({ role }) => role),
      itemWidth: 22,
      itemHeight: 8,
      textStyle: { color: theme.text, fontSize: 12 },
      pageTextStyle: { color: theme.text },
      inactiveColor: theme.faint,
      // Norms of biases and normalisations are of different magnitude, and hidden until the user shows them.
      selected: Object.fromEntries(lines.map(({ role }) => [role, !kernels || isKernel(role)])),
    },
    tooltip: {
      trigger: 'axis',
      ...tooltipStyle(theme),
      formatter: (points) => {
        const shown = (Array.isArray(points) ? points : [points]).map(({ seriesName, value, marker }) => {
          const [place, norm] = value as [number, number]
          return { place, line: `${String(marker)} ${escapeHtml(seriesName ?? '')} <b>${formatValue(norm)}</b>` }
        })
        return [`unit ${labelOf(shown[0]?.place ?? 0)}`, ...shown.map(({ line }) => line)].join('<br>')
      },
    },
    xAxis: {
      type: 'value',
      min: 0.5,
      max: units.length + 0.5,
      minInterval: 1,
      name: 'unit (stage.unit)',
      nameLocation: 'middle',
      nameGap: 26,
      nameTextStyle: { color: theme.faint, fontSize: 11 },
      axisTick: { show: false },
      splitLine: { show: false },
      axisLine: { lineStyle: { color: theme.faint } },
      axisLabel: {
        color: theme.faint,
        fontSize: 11,
        hideOverlap: true,
        customValues: units.map((_, at) => at + 1),
        formatter: labelOf,
      },
    },
    yAxis: {
      type: logarithmic ? 'log' : 'value',
      name,
      nameTextStyle: { color: theme.faint, fontSize: 11, align: 'left' },
      axisLabel: { color: theme.faint, fontSize: 11, formatter: (value: number) => formatY(value, '') },
      splitLine: { lineStyle: { color: theme.grid } },
    },
    series: [
      // A separate line for each stage, because the weights of two stages have different shapes and are unrelated.
      ...lines.flatMap(({ role, values }, i) => {
        const { color, dash } = lineStyle(i, dark)
        return stages.map((stage) => ({
          type: 'line' as const,
          name: role,
          data: values.flatMap((value, at) =>
            // A logarithmic axis has no zero.
            units[at]!.stage !== stage || Number.isNaN(value) || (logarithmic && value <= 0) ? [] : [[at + 1, value]],
          ),
          symbol: 'circle',
          symbolSize: 5,
          showSymbol: units.length <= 60,
          lineStyle: { color, width: 1.6, type: dash.length ? dash : ('solid' as const) },
          itemStyle: { color },
        }))
      }),
      {
        // Every other stage is shaded to show the borders.
        type: 'line' as const,
        data: [],
        silent: true,
        markArea: {
          silent: true,
          label: { color: theme.faint, fontSize: 11, position: 'top' as const },
          data: stages.map((stage) => [
            { name: `stage ${stage}`, xAxis: ends(stage)[0] - 0.5, itemStyle: { color: theme.grid, opacity: stage % 2 ? 0 : 0.45 } },
            { xAxis: ends(stage)[1] + 0.5 },
          ]),
        },
        markLine: {
          silent: true,
          symbol: 'none',
          label: { show: false },
          lineStyle: { color: theme.faint, type: 'solid' as const, width: 1 },
          data: stages.slice(1).map((stage) => ({ xAxis: ends(stage)[0] - 0.5 })),
        },
      },
    ],
  }
}

/** The same in one sentence, for screen readers. */
export function describeNorms({ units, lines }: DepthLines, name: string): string {
  const said = lines
    .filter(({ role }) => isKernel(role))
    .map(({ role, values }) => {
      const known = values.filter((value) => Number.isFinite(value))
      return `${role} from ${formatValue(Math.min(...known), 3)} to ${formatValue(Math.max(...known), 3)}`
    })
  return `${name} over ${units.length} units: ${said.join(', ')}`
}
