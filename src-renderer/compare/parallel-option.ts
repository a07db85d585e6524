import type { EChartsOption } from '../charts/echarts.js'
import { FONT } from '../charts/frame-option.js'
import { chartTheme, lineStyle, type LineStyle } from '../charts/palette.js'
import { axisScale } from './axis-scale.js'
import type { RunInfo } from './groups.js'
import { relationTooltip } from './relation-tooltip.js'
import { hasWords, isNumber, tick, wordsOf, type Quantity } from './relations.js'

/** Distance of the first axis from the left edge, in pixels. */
const FIRST_AXIS = 40
const BELOW = 24
/** Minimum width of an axis with its values, in pixels. */
const AXIS = 72
const SLANT = (24 * Math.PI) / 180
/** The width of the longest name of a setting with its unit, which is written at the end of the axis. */
const LONGEST_NAME = 250

/** Length of a name along its direction, in pixels, at about 6.5 per letter. */
const lengthOf = (quantity: Quantity | undefined): number => Math.min(LONGEST_NAME, 6.5 * (quantity?.title.length ?? 0))
/** Space to the right of the last axis for its slanted name and its values. */
const roomRight = (quantities: readonly Quantity[]): number => Math.max(72, Math.ceil(lengthOf(quantities.at(-1)) * Math.cos(SLANT)) + 16)
const roomAbove = (quantities: readonly Quantity[]): number => Math.ceil(Math.max(...quantities.map(lengthOf)) * Math.sin(SLANT)) + 32

/** Distances of the axes from the edges of the chart, in pixels. */
export const parallelBox = (quantities: readonly Quantity[]) => ({
  left: FIRST_AXIS,
  right: roomRight(quantities),
  top: roomAbove(quantities),
  bottom: BELOW,
})

/** Minimum width in pixels at which the values of all axes are legible. */
export const leastWidth = (quantities: readonly Quantity[]): number =>
  FIRST_AXIS + AXIS * Math.max(1, quantities.length - 1) + roomRight(quantities)

interface Look {
  dark: boolean
  /** Indices of the runs that are not faint; null: all. */
  kept: ReadonlySet<number> | null
  /** The style of a run's line; by default each has a colour of its own. */
  styleOf?: ((place: number) => LineStyle) | undefined
}

/** Parallel coordinates: each run as a line across all quantities. Pure. */
export function parallelOption(runs: readonly RunInfo[], quantities: readonly Quantity[], { dark, kept, styleOf }: Look): EChartsOption {
  const theme = chartTheme(dark)
  return {
    animation: false,
    textStyle: { fontFamily: FONT },
    tooltip: relationTooltip(runs, quantities, theme),
    parallel: parallelBox(quantities),
    parallelAxis: quantities.map((quantity, dim) => axisOf(quantity, dim, theme)),
    series: runs.map((run, i) => {
      const { color, dash } = styleOf?.(i) ?? lineStyle(i, dark)
      const faint = kept !== null && !kept.has(i)
      const opacity = faint ? 0.12 : 0.9
      return {
        id: run.id,
        type: 'parallel' as const,
        name: run.name,
        lineStyle: { color, width: 2, opacity, type: dash.length > 0 ? dash : ('solid' as const) },
        emphasis: { lineStyle: { width: 4, opacity: 1 } },
        silent: faint,
        z: faint ? 2 : 3,
        data: [quantities.map((quantity) => placeOf(quantity, quantity.values[i]))],
      }
    }),
  }
}

/** The position of a value on its axis; words are placed at 0, 1, 2, ... */
const placeOf = (quantity: Quantity, value: Quantity['values'][number] | undefined): number =>
  hasWords(quantity)
    ? value === null || value === undefined
      ? NaN
      : wordsOf(quantity).indexOf(String(value))
    : isNumber(value)
      ? value
      : NaN

function axisOf(quantity: Quantity, dim: number, theme: ReturnType<typeof chartTheme>) {
  const words = hasWords(quantity) ? wordsOf(quantity) : null
  const places = words ? { customValues: words.map((_, at) => at) } : {}
  const { logarithmic, ...scale } = axisScale(quantity)
  return {
    // Identifies the axis when the option is updated.
    id: quantity.id,
    dim,
    name: quantity.title,
    // Slanted, so that the names of many axes do not overlap.
    nameTextStyle: { color: theme.text, fontSize: 11, align: 'left' as const, verticalAlign: 'bottom' as const },
    nameRotate: (SLANT * 180) / Math.PI,
    nameTruncate: { maxWidth: LONGEST_NAME },
    type: logarithmic ? ('log' as const) : ('value' as const),
    ...scale,
    axisTick: places,
    axisLabel: {
      color: theme.text,
      fontSize: 11,
      formatter: (value: number) => (words ? (words[value] ?? '') : tick(quantity, value)),
      // An outline keeps the values readable on top of the lines.
      textBorderColor: theme.surface,
      textBorderWidth: 4,
      ...places,
    },
    axisLine: { lineStyle: { color: theme.faint } },
    // Brushes are drawn by an overlay: when the option is updated, ECharts forgets the style of its own brushes, and that a click removes
    // them.
    areaSelectStyle: { width: 0 },
    z: 10,
  }
}
