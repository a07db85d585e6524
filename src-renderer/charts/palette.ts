/**
 * Told apart with every common colour vision, and three to one or more on the surface; a test measures both. Okabe and Ito's blue and
 * vermilion, and those that a search found farthest from them and from each other.
 */
const LIGHT = ['#0072b2', '#d55e00', '#235017', '#870e51', '#a45eff', '#b8807d', '#3612d7']
const DARK = ['#56b4e9', '#f0883e', '#327c4b', '#925d88', '#cd03ff', '#a3bdb2', '#f6d300']
/** Different colours that there are. */
export const COLOURS = LIGHT.length
/** A second cue beside colour. Seven colours times eight dashes: no two of 56 lines look the same. */
const DASHES: readonly (readonly number[])[] = [[], [7, 4], [2, 3], [9, 3, 2, 3], [14, 4], [4, 4], [9, 3, 2, 3, 2, 3], [14, 4, 4, 4]]

export interface LineStyle {
  color: string
  /** Lengths of strokes and gaps by turns; empty for a solid line. */
  dash: number[]
}

/** Colour and dash of the i-th line of a chart: neighbours differ in both. */
export function lineStyle(i: number, dark: boolean): LineStyle {
  const colors = dark ? DARK : LIGHT
  return { color: colors[i % colors.length] as string, dash: [...(DASHES[i % DASHES.length] as readonly number[])] }
}

/** Lightness as a scale of values on lines, from the lowest to the highest: three to one or more on the surface at either end. */
export const valueScale = (dark: boolean): readonly [string, string] => (dark ? ['#3d6f9f', '#d6ebff'] : ['#5b94c9', '#0b2f57'])

/** The colour at a part of that scale, 0 to 1. */
export function valueColour(part: number, dark: boolean): string {
  const [low, high] = valueScale(dark).map((hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16))) as [number[], number[]]
  return `#${low
    .map((from, i) =>
      Math.round(from + part * (high[i]! - from))
        .toString(16)
        .padStart(2, '0'),
    )
    .join('')}`
}

/** A style of either theme as it is on white. */
export const onWhite = ({ color, dash }: LineStyle): LineStyle => ({ color: LIGHT[DARK.indexOf(color)] ?? color, dash })

export interface ChartTheme {
  text: string
  faint: string
  grid: string
  surface: string
  error: string
}

export const chartTheme = (dark: boolean): ChartTheme =>
  dark
    ? { text: '#c9d1d9', faint: '#98a3b0', grid: '#2b323b', surface: '#181d23', error: '#ff8a80' }
    : { text: '#30363d', faint: '#5d6772', grid: '#e3e7ec', surface: '#ffffff', error: '#b3261e' }

/** How the box beside the pointer looks in every chart that ECharts draws. */
export const tooltipStyle = ({ surface, grid, text }: ChartTheme) => ({
  confine: true,
  transitionDuration: 0,
  backgroundColor: surface,
  borderColor: grid,
  textStyle: { color: text, fontSize: 12 },
})

/** Colours of heat maps from the lowest value to the highest. The lowest has a tint, so that it does not look like a cell without a value. */
export const heatColours = (dark: boolean): string[] => (dark ? ['#22384f', '#1d4f7d', '#7db8f2'] : ['#dce9f6', '#9cc2e6', '#15599c'])
