import { axisTitle } from '../charts/axis-title.js'
import { formatY } from '../charts/frame-option.js'
import type { ChartTheme } from '../charts/palette.js'
import { ownTicks, type Axis } from './curves.js'

/** The option of an axis with its title, horizontal or vertical. */
export const axisOption = ({ label, unit, log }: Axis, theme: ChartTheme, across: boolean) => ({
  type: log ? ('log' as const) : ('value' as const),
  name: label === '' ? unit : axisTitle(label, unit),
  nameLocation: across ? ('middle' as const) : ('end' as const),
  nameGap: across ? 28 : 12,
  nameTextStyle: { color: theme.faint, fontSize: 11, align: across ? ('center' as const) : ('left' as const) },
  scale: true,
  axisLine: { onZero: false, lineStyle: { color: theme.faint } },
  axisLabel: { color: theme.faint, fontSize: 11, hideOverlap: true, formatter: (value: number) => formatY(value, unit) },
  splitLine: { lineStyle: { color: theme.grid } },
})

/** The option of an axis with few, discrete values. */
export function placesOption(axis: Axis, theme: ChartTheme, values: readonly (number | null)[]) {
  const option = axisOption(axis, theme, true)
  const own = ownTicks(values, axis)
  if (!own) return option
  const { ticks: customValues, min, max } = own
  return { ...option, min, max, axisTick: { customValues }, axisLabel: { ...option.axisLabel, customValues } }
}

/** An axis over a given range, whose limits are rarely round and have no labels. */
export const within = <T extends { axisLabel: object }>(option: T, range: readonly [number, number] | undefined): T =>
  range ? { ...option, min: range[0], max: range[1], axisLabel: { ...option.axisLabel, showMinLabel: false, showMaxLabel: false } } : option

/** Ranges of equal length for both axes that contain everything, so that a circle is drawn as a circle. */
export function squareRange(
  points: readonly (readonly [number | null, number | null])[],
): { x: [number, number]; y: [number, number] } | null {
  const ends = (at: 0 | 1): [number, number] => {
    const known = points.flatMap((point) => (point[at] === null ? [] : [point[at]]))
    return [Math.min(...known), Math.max(...known)]
  }
  const [x, y] = [ends(0), ends(1)]
  if (![...x, ...y].every(Number.isFinite)) return null
  const half = Math.max(x[1] - x[0], y[1] - y[0], 1e-9) * 0.55
  const around = ([low, high]: [number, number]): [number, number] => [(low + high) / 2 - half, (low + high) / 2 + half]
  return { x: around(x), y: around(y) }
}
