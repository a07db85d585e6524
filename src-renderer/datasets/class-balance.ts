import { formatCount } from '../ui/format.js'
import type { EChartsOption } from '../charts/echarts.js'
import { FONT } from '../charts/frame-option.js'
import { chartTheme, lineStyle, tooltipStyle } from '../charts/palette.js'

export interface ClassBalanceInput {
  classNames: readonly string[]
  /** The number of images of each class, by label, of each part. */
  parts: readonly { name: string; counts: readonly number[] }[]
  /** Stacked instead of side by side. */
  stacked: boolean
  /** What is counted, such as images. */
  unit: string
  dark: boolean
  animate: boolean
}

/** The ECharts option of the number of samples in each class. Pure. */
export function classBalanceOption({ classNames, parts, stacked, unit, dark, animate }: ClassBalanceInput): EChartsOption {
  const theme = chartTheme(dark)
  return {
    animation: animate,
    animationDuration: 150,
    textStyle: { fontFamily: FONT },
    grid: { left: 8, right: 12, top: 30, bottom: 24, outerBoundsMode: 'same', outerBoundsContain: 'axisLabel' },
    legend: { top: 0, right: 8, itemWidth: 12, itemHeight: 8, textStyle: { color: theme.text, fontSize: 12 }, selectedMode: false },
    tooltip: {
      trigger: 'axis',
      ...tooltipStyle(theme),
      axisPointer: { type: 'shadow' },
      valueFormatter: (value) => formatCount(Number(value)),
    },
    xAxis: {
      type: 'category',
      data: [...classNames],
      name: 'class',
      nameLocation: 'middle',
      nameGap: 4,
      nameTextStyle: { color: theme.faint, fontSize: 11 },
      axisTick: { show: false },
      axisLine: { lineStyle: { color: theme.faint } },
      axisLabel: {
        color: theme.faint,
        fontSize: 11,
        hideOverlap: true,
        rotate: classNames.join('').length > 50 ? 40 : 0,
        width: 90,
        overflow: 'truncate',
      },
    },
    yAxis: {
      type: 'value',
      name: unit,
      nameTextStyle: { color: theme.faint, fontSize: 11, align: 'left' },
      minInterval: 1,
      axisLabel: { color: theme.faint, fontSize: 11, formatter: (value: number) => formatCount(value) },
      splitLine: { lineStyle: { color: theme.grid } },
    },
    series: parts.map(({ name, counts }, i) => ({
      type: 'bar' as const,
      id: name,
      name,
      data: [...counts],
      barMaxWidth: 36,
      itemStyle: { color: lineStyle(i, dark).color },
      ...(stacked ? { stack: 'all' } : {}),
    })),
  }
}

/** The same in one sentence, for screen readers. */
export function describeBalance(classNames: readonly string[], parts: ClassBalanceInput['parts']): string {
  return parts
    .map(({ name, counts }) => {
      const [least, most] = [Math.min(...counts), Math.max(...counts)]
      const who = (count: number): string => classNames[counts.indexOf(count)] ?? ''
      return least === most
        ? `${name}: ${formatCount(least)} per class`
        : `${name}: from ${formatCount(least)} (${who(least)}) to ${formatCount(most)} (${who(most)}) per class`
    })
    .join('; ')
}
