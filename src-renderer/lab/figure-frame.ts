import type { EChartsOption } from '../charts/echarts.js'
import { FONT } from '../charts/frame-option.js'
import type { ChartTheme } from '../charts/palette.js'
import { formatPercent, formatValue } from '../ui/format.js'
import type { Axis } from './curves.js'

/** A formatted value for the tooltip of a figure. */
export const valueText = (value: number | null | undefined, { unit }: Axis, digits = 4): string =>
  unit === 'fraction' ? formatPercent(value) : formatValue(value, digits)

/** Above the first number of names the legend takes a second line, above the second it becomes scrollable. */
export const [ONE_LINE, PLAIN] = [3, 8]

/** The options shared by all figures. @param names number of legend entries */
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
