import type { EChartsOption } from '../charts/echarts.js'
import { FONT } from '../charts/frame-option.js'
import type { ChartTheme } from '../charts/palette.js'
import { formatPercent, formatValue } from '../ui/format.js'
import type { Axis } from './curves.js'

/** A value as the tooltip of a figure says it. */
export const valueText = (value: number | null | undefined, { unit }: Axis, digits = 4): string =>
  unit === 'fraction' ? formatPercent(value) : formatValue(value, digits)

/** More names than these take a second line above the plot, and more than the others are turned over. */
export const [ONE_LINE, PLAIN] = [3, 8]

/** What all figures have. @param names entries of the legend */
export const frame = (theme: ChartTheme, names: number): EChartsOption => ({
  animation: false,
  textStyle: { fontFamily: FONT },
  grid: { left: 14, right: 24, top: names > ONE_LINE ? 70 : 46, bottom: 30, outerBoundsMode: 'same', outerBoundsContain: 'axisLabel' },
  legend: {
    top: 0,
    right: 8,
    left: 8,
    type: names > PLAIN ? 'scroll' : 'plain',
    itemWidth: 22,
    itemHeight: 8,
    textStyle: { color: theme.text, fontSize: 12 },
    pageTextStyle: { color: theme.text },
    inactiveColor: theme.faint,
  },
})
