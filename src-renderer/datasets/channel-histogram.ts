import type { Histogram } from '../../src-main/contract/datasets.js'
import { formatCount, formatValue } from '../ui/format.js'
import type { EChartsOption } from '../charts/echarts.js'
import { FONT } from '../charts/frame-option.js'
import { chartTheme, lineStyle, tooltipStyle } from '../charts/palette.js'

export interface ChannelHistogramInput {
  channels: readonly { name: string; histogram: Histogram }[]
  kind: 'images' | 'points'
  /** Whether the scale of the counts is: most pixels of some images have one value, next to which no other count is visible. */
  logarithmic: boolean
  dark: boolean
}

/** Palette indices of the colours after which channels are named. */
const NAMED: Record<string, number> = { blue: 0, red: 1, green: 2 }

const upperEdge = ({ low, width, counts }: Histogram): number => low + width * counts.length

/** The ECharts option of the value histograms of the channels: one step per bin, one line per channel. Pure. */
export function channelHistogramOption({ channels, kind, logarithmic, dark }: ChannelHistogramInput): EChartsOption {
  const theme = chartTheme(dark)
  const images = kind === 'images'
  // A logarithmic axis has no zero, so the line is broken there.
  const shown = (count: number): number => (logarithmic && count === 0 ? NaN : count)
  const text = { color: theme.faint, fontSize: 11 }
  return {
    animation: false,
    textStyle: { fontFamily: FONT },
    grid: { left: 8, right: 16, top: 30, bottom: 26, outerBoundsMode: 'same', outerBoundsContain: 'axisLabel' },
    legend: { top: 0, right: 8, itemWidth: 22, itemHeight: 8, textStyle: { color: theme.text, fontSize: 12 }, selectedMode: false },
    tooltip: {
      trigger: 'axis',
      ...tooltipStyle(theme),
      valueFormatter: (value) => formatCount(Number(value)),
    },
    xAxis: {
      type: 'value',
      name: images ? 'pixel value (0 to 1)' : 'coordinate (units of the points)',
      nameLocation: 'middle',
      nameGap: 24,
      nameTextStyle: text,
      ...(images ? { min: 0, max: 1 } : { scale: true }),
      axisLine: { lineStyle: { color: theme.faint } },
      axisPointer: { label: { precision: 3 } },
      axisLabel: { ...text, hideOverlap: true },
      splitLine: { show: false },
    },
    yAxis: {
      type: logarithmic ? 'log' : 'value',
      name: images ? 'pixels per bin' : 'points per bin',
      nameTextStyle: { ...text, align: 'left' },
      axisLine: { onZero: false },
      min: logarithmic ? 1 : 0,
      minInterval: 1,
      axisLabel: { ...text, formatter: (value: number) => formatCount(value) },
      splitLine: { lineStyle: { color: theme.grid } },
    },
    series: channels.map(({ name, histogram }, i) => {
      const { color, dash } = lineStyle(NAMED[name] ?? i, dark)
      const { low, width, counts } = histogram
      return {
        type: 'line' as const,
        id: name,
        name,
        step: 'end' as const,
        showSymbol: false,
        // The last bin needs its right edge as well.
        data: [...counts.map((count, bin) => [low + bin * width, shown(count)]), [upperEdge(histogram), shown(counts.at(-1)!)]],
        lineStyle: { color, width: 1.5, type: dash.length > 0 ? dash : ('solid' as const) },
        itemStyle: { color },
        ...(channels.length === 1 ? { areaStyle: { color, opacity: 0.15 } } : {}),
      }
    }),
  }
}

/** The same in one sentence, for screen readers. */
export function describeHistograms(channels: ChannelHistogramInput['channels']): string {
  return channels
    .map(({ name, histogram }) => {
      const { low, width, counts } = histogram
      const most = counts.indexOf(Math.max(...counts))
      const from = low + most * width
      const occupied = [counts.findIndex((count) => count > 0), counts.findLastIndex((count) => count > 0) + 1]
      const [lowest, highest] = occupied.map((edge) => formatValue(low + edge * width, 3))
      const share = counts[most]! / counts.reduce((sum, count) => sum + count, 0)
      return `${name}: between ${lowest} and ${highest}, most often from ${formatValue(from, 3)} to ${formatValue(from + width, 3)} (${(100 * share).toFixed(1)}%)`
    })
    .join('; ')
}
